import { ApiProperty } from '@nestjs/swagger';
import type { UserId } from '../../shared/ids.js';
import { AUDIT_EVENT_TYPES } from '../audit-event.js';
import type { EventRow } from '../event-mac.js';

export class EventResponse {
  /** @example "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90" */
  id!: string;

  /** What happened, named after the OWASP logging vocabulary where that has a name for it. */
  @ApiProperty({ enum: AUDIT_EVENT_TYPES })
  type!: string;

  /** When; RFC 3339 in UTC. */
  at!: string;

  /** Who did it, where it was not the user. */
  actorId!: string | null;

  /** Whose account it is about. */
  userId!: string | null;

  sessionId!: string | null;

  /**
   * From where.
   * @example "203.0.113.7"
   */
  ip!: string | null;

  userAgent!: string | null;

  /** The request that caused it, as in `X-Request-Id`. */
  requestId!: string | null;

  outcome!: 'success' | 'failure';

  /** How many times it happened: more than one only of refusals that came in a flood. */
  count!: number;

  /**
   * More, by type: ids, numbers and words of this service alone.
   * @example { "step": "password" }
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: {
      oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }, { type: 'null' }],
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
  items!: EventResponse[];

  /** To be sent as `cursor` for the next page; null on the last. */
  nextCursor!: string | null;
}
