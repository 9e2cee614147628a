import { IsOptional } from 'class-validator';
import { IsLineOfText } from '../http/line-of-text.js';

export class ReasonQuery {
  /**
   * Why, for the session's record.
   * @example "laptop reported stolen"
   */
  @IsOptional()
  @IsLineOfText(200)
  reason?: string;
}
