import { IsLineOfText } from '../http/line-of-text.js';
import { MayBeAbsent } from '../http/may-be-absent.js';

export class ReasonQuery {
  /**
   * Why, for the session's record.
   * @example "laptop reported stolen"
   */
  @MayBeAbsent()
  @IsLineOfText(200)
  reason?: string;
}
