import { IsString, Length } from 'class-validator';
import { MayBeAbsent } from '../../http/may-be-absent.js';

export class RevocationsQuery {
  /** The same as `Last-Event-ID`, for clients that cannot set headers. */
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  after?: string;
}
