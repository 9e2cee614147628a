import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { MayBeAbsent } from '../../http/may-be-absent.js';
import { COUNT, ID, TIME } from '../../shared/json-formats.js';

const LONGEST_PLACE = 100;

/** Where a reader stands: see `feed-position.ts`. */
export const FEED_PLACE = {
  minLength: 1,
  maxLength: LONGEST_PLACE,
  pattern: '^[!-~]*$',
  example: '01a20c57-785f-7071-b10b-8e02e2842041.71234.1795503388',
};

export class RevocationsQuery {
  /** The same as `Last-Event-ID`, for clients that cannot set headers. */
  @MayBeAbsent()
  @IsString()
  @Length(1, LONGEST_PLACE)
  @ApiProperty(FEED_PLACE)
  after?: string;
}

/** Of which tokens each is told is in the name of its kind: never why, by whom or from where. */
export class RevocationEvent {
  kind!: 'session' | 'token' | 'user' | 'key' | 'era';

  /** The id of the session, token or user, the `kid` of the key; `*` where everyone is meant. */
  @ApiProperty({ maxLength: 64, pattern: '^(?:[A-Za-z0-9_-]+|[*])$', example: ID.example })
  subject!: string;

  /** Of a user: tokens whose `ver` is lower are refused. Of an era: those whose `era` is. */
  @ApiProperty({ ...COUNT, example: undefined })
  minimum?: number;

  /** From when on no token that it concerns can be good by itself. */
  @ApiProperty(TIME)
  expiresAt!: string;
}

export const REVOCATION_STREAM_EXAMPLE = `retry: 1000

event: revocation
data: {"kind":"session","subject":"${ID.example}","expiresAt":"${TIME.example}"}

event: ready
id: ${FEED_PLACE.example}
data: {}

event: current
id: ${FEED_PLACE.example}
data: {}

`;
