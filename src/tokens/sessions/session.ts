import { earlierOf } from '../../shared/clock.js';
import type { SessionId, UserId } from '../../shared/ids.js';

/** What may be told of a session: nothing that a token could be made from. */
export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly expiresBy: 'idle' | 'absolute';
  readonly revokedAt: Date | null;
  readonly revokedReason: string | null;
  readonly ip: string;
  readonly userAgent: string | null;
  readonly deviceName: string | null;
  readonly amr: readonly string[];
}

/** A session as `selectSessions` reads it. */
export interface SessionRow extends Omit<Session, 'expiresAt' | 'expiresBy'> {
  readonly idleExpiresAt: Date;
  readonly absoluteExpiresAt: Date;
  /** The time of creation to the microsecond, as a cursor holds it. */
  readonly createdAtText: string;
}

/**
 * Reads sessions. One that was live when everyone was signed out has ended then, whether or not its row says so yet.
 * @param chosen a SELECT of whole rows of `sessions`, already in order and limited
 * @param order the same order, of `sessions`
 */
export const selectSessions = (chosen: string, order: string): string => `
  SELECT sessions.id, sessions.user_id AS "userId", sessions.created_at AS "createdAt",
         sessions.last_used_at AS "lastUsedAt", sessions.idle_expires_at AS "idleExpiresAt",
         sessions.absolute_expires_at AS "absoluteExpiresAt", sessions.ip, sessions.user_agent AS "userAgent",
         sessions.device_name AS "deviceName", sessions.amr,
         to_char(sessions.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "createdAtText",
         COALESCE(sessions.revoked_at, raise.raised_at) AS "revokedAt",
         COALESCE(sessions.revoked_reason, raise.reason) AS "revokedReason"
  FROM (${chosen}) AS sessions
  LEFT JOIN era_raises raise ON raise.era = sessions.era + 1
    AND sessions.idle_expires_at > raise.raised_at AND sessions.absolute_expires_at > raise.raised_at
  ORDER BY ${order}`;

export function asSession(row: SessionRow): Session {
  const { idleExpiresAt, absoluteExpiresAt, ...told } = row;
  const expiresAt = earlierOf(idleExpiresAt, absoluteExpiresAt);
  return { ...told, expiresAt, expiresBy: expiresAt === idleExpiresAt ? 'idle' : 'absolute' };
}
