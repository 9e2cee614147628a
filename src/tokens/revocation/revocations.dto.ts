import { IsOptional, IsString, Length } from 'class-validator';

export class RevocationsQuery {
  /** The same as `Last-Event-ID`, for clients that cannot set headers. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  after?: string;
}
