import { IsOptional, IsString, Length } from 'class-validator';

export class ReasonQuery {
  /**
   * Why, for the session's record.
   * @example "laptop reported stolen"
   */
  @IsOptional()
  @IsString()
  @Length(1, 200)
  reason?: string;
}
