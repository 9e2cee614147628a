import { ApiProperty, OmitType } from '@nestjs/swagger';
import { IsIn, IsUUID } from 'class-validator';
import { AUDIT_EVENT_TYPES } from '../audit/audit-event.js';
import type { AuditEventType } from '../audit/audit-event.js';
import type { Checkpoint } from '../audit/seals/checkpoint.js';
import type { Verified } from '../audit/seals/verification.js';
import type { EventFilter } from '../audit/trail/audit-trail.js';
import { MayBeAbsent } from '../http/may-be-absent.js';
import { PageQuery } from '../http/page-query.dto.js';
import { IsTimestamp, readTimestamp } from '../http/timestamp.js';
import { asUserId } from '../shared/ids.js';
import { USER_ID, ID, COUNT, DIGEST, TIME } from '../shared/json-formats.js';

export class EventPageQuery extends PageQuery {
  /** About this account. */
  @MayBeAbsent()
  @IsUUID('all', { message: 'must be an id' })
  @ApiProperty(USER_ID)
  userId?: string;

  @MayBeAbsent()
  @IsIn(AUDIT_EVENT_TYPES, { message: 'must be a type of event' })
  @ApiProperty({ enum: AUDIT_EVENT_TYPES, required: false })
  type?: AuditEventType;

  /** From this time on. */
  @MayBeAbsent()
  @IsTimestamp()
  @ApiProperty({ example: '2026-11-01T00:00:00Z' })
  from?: string;

  /** Before this time. */
  @MayBeAbsent()
  @IsTimestamp()
  @ApiProperty({ example: '2026-12-01T00:00:00Z' })
  to?: string;
}

export class EventQuery extends OmitType(EventPageQuery, ['limit', 'cursor']) {}

export const filterOf = ({ userId, type, from, to }: EventQuery): EventFilter => ({
  userId: userId === undefined ? undefined : asUserId(userId.toLowerCase()),
  type,
  from: from === undefined ? undefined : readTimestamp(from),
  to: to === undefined ? undefined : readTimestamp(to),
});

class BrokenResponse {
  /** What is wrong with it. */
  problem!:
    | 'event_changed'
    | 'event_missing'
    | 'event_added'
    | 'event_sealed_twice'
    | 'seal_changed'
    | 'seal_missing'
    | 'start_missing';

  /** The number of the seal that covers it. */
  @ApiProperty(COUNT)
  seal!: number | null;

  @ApiProperty(ID)
  eventId!: string | null;
}

class CheckpointResponse {
  /** The number of the last seal. */
  @ApiProperty(COUNT)
  seals!: number;

  /** How many events the seals cover, those of removed months too. */
  @ApiProperty(COUNT)
  events!: number;

  @ApiProperty(DIGEST)
  head!: string;

  @ApiProperty(TIME)
  at!: string;

  /** The MAC of the checkpoint: `npm run audit:verify` knows it again. */
  @ApiProperty(DIGEST)
  mac!: string;
}

export class VerificationResponse {
  /** Whether every event is as it was written, none is missing, and none was added. */
  @ApiProperty({ example: true })
  intact!: boolean;

  /** How many events were checked. */
  @ApiProperty(COUNT)
  events!: number;

  /** The MAC of the last seal that holds, in hex: kept elsewhere, it shows whether the tail was cut off since. */
  @ApiProperty(DIGEST)
  head!: string;

  firstBroken!: BrokenResponse | null;

  /** The end of the chain as it is now; in the log output too. */
  checkpoint!: CheckpointResponse;

  static from({ end, events, firstBroken }: Verified, checkpoint: Checkpoint): VerificationResponse {
    const head = end.head.toString('hex');
    return { intact: firstBroken === null, events, head, firstBroken: firstBroken && { ...firstBroken }, checkpoint };
  }
}
