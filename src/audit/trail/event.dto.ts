import { ApiProperty } from '@nestjs/swagger';
import type { UserId } from '../../shared/ids.js';
import { ID, LINE, TIME, USER_ID, ADDRESS, USER_AGENT, REQUEST_ID, COUNT, CURSOR } from '../../shared/json-formats.js';
import { AUDIT_EVENT_TYPES } from '../audit-event.js';
import type { EventRow } from '../event-mac.js';

export class EventResponse {
  @ApiProperty(ID)
  id!: string;

  /** What happened, named after the OWASP logging vocabulary where that has a name for it. */
  @ApiProperty({ enum: AUDIT_EVENT_TYPES })
  type!: string;

  /** When; RFC 3339 in UTC. */
  @ApiProperty(TIME)
  at!: string;

  /** Who did it, where it was not the user. */
  @ApiProperty({ ...USER_ID, example: null })
  actorId!: string | null;

  /** Whose account it is about. */
  @ApiProperty(USER_ID)
  userId!: string | null;

  @ApiProperty(ID)
  sessionId!: string | null;

  /** From where. */
  @ApiProperty(ADDRESS)
  ip!: string | null;

  @ApiProperty(USER_AGENT)
  userAgent!: string | null;

  /** The request that caused it, as in `X-Request-Id`. */
  @ApiProperty(REQUEST_ID)
  requestId!: string | null;

  outcome!: 'success' | 'failure';

  /** How many times it happened: more than one only of refusals that came in a flood. */
  @ApiProperty({ ...COUNT, minimum: 1, example: 1 })
  count!: number;

  /**
   * More, by type: ids, numbers and words of this service alone.
   * @example { "step": "password" }
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: {
      oneOf: [{ type: 'string', ...LINE, maxLength: 256 }, { type: 'number' }, { type: 'boolean' }, { type: 'null' }],
    },
  })
  details!: Record<string, string | number | boolean | null>;

  static from(event: EventRow): EventResponse {
    const { outcome, at, details, id, type, actorId, userId, sessionId, ip, userAgent, requestId, count } = event;
    return {
      id,
      type,
      at: at.toISOString(),
      actorId,
      userId,
      sessionId,
      ip,
      userAgent,
      requestId,
      outcome: outcome === 'success' ? 'success' : 'failure',
      count,
      details: { ...details },
    };
  }

  /** As its owner may see it: of what others did to the account, what and when, but not from where or why. */
  static forOwner(event: EventRow, owner: UserId): EventResponse {
    if (event.actorId === null || event.actorId === owner) return EventResponse.from(event);
    const told = { sessionId: null, ip: null, userAgent: null, requestId: null, details: {} };
    return EventResponse.from({ ...event, ...told });
  }
}

export class EventListResponse {
  @ApiProperty({ maxItems: 100 })
  items!: EventResponse[];

  /** To be sent as `cursor` for the next page; null on the last. */
  @ApiProperty(CURSOR)
  nextCursor!: string | null;
}
