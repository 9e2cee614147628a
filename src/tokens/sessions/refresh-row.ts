import { prepared } from '../../database/prepared-statements.js';
import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { RefreshState } from './refresh-decision.js';
import type { RefreshTokenSource } from './refresh-tokens.js';

/** A session as a refresh needs it, with the rights of its user, measured by the era: read in one statement. */
export interface RefreshRow extends RefreshState, RefreshTokenSource {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  readonly lastUsedAt: Date;
  readonly lastIp: string;
  readonly lastUserAgent: string | null;
  readonly roles: readonly string[];
  readonly ver: number;
  /** The session's own: its tokens are never of a later one. */
  readonly era: number;
  /** Everyone was signed out since it was opened. */
  readonly isOfOlderEra: boolean;
  readonly disabled: boolean;
}

const READ = prepared(`
  SELECT s.id, s.user_id AS "userId", s.generation, s.salt, s.secret_id AS "secretId", s.rotated_at AS "rotatedAt",
         s.previous_rotated_at AS "previousRotatedAt", s.idempotency_key_hash AS "idempotencyKeyHash",
         s.idle_expires_at AS "idleExpiresAt", s.absolute_expires_at AS "absoluteExpiresAt", s.revoked_at AS "revokedAt",
         s.amr, s.authenticated_at AS "authenticatedAt", s.last_used_at AS "lastUsedAt", s.last_ip AS "lastIp", s.last_user_agent AS "lastUserAgent",
         t.roles, t.ver, t.disabled, s.era, s.era < d.era AS "isOfOlderEra"
  FROM sessions s JOIN token_subjects t ON t.user_id = s.user_id CROSS JOIN deployment d
  WHERE s.id = $1`);

const ADVANCE = prepared(`
  UPDATE sessions
  SET generation = $3, secret_id = $4, previous_rotated_at = rotated_at, rotated_at = $5, last_used_at = $5,
      idle_expires_at = $6, idempotency_key_hash = $7, last_ip = $8, last_user_agent = $9
  WHERE id = $1 AND generation = $2 AND revoked_at IS NULL AND era >= (SELECT era FROM deployment)
  RETURNING era`);

export const readRefreshRow = (on: Executor, id: SessionId): Promise<RefreshRow | undefined> => row(on, READ, [id]);

/** What a rotation writes. */
export interface NextGeneration {
  readonly generation: number;
  readonly secretId: string;
  readonly idleExpiresAt: Date;
  readonly idempotencyKeyHash: Buffer | null;
  readonly ip: string;
  readonly userAgent: string | null;
}

/**
 * One compare-and-swap: of any number of racers exactly one writes.
 * @returns the era that the session is of by then, where it was this one: a session that was spared when everyone else was
 * signed out has moved on to the next
 */
export async function advanceRow(
  on: Executor,
  session: RefreshRow,
  next: NextGeneration,
  now: Date,
): Promise<{ readonly era: number } | undefined> {
  return row(on, ADVANCE, [
    session.id,
    session.generation,
    next.generation,
    next.secretId,
    now,
    next.idleExpiresAt,
    next.idempotencyKeyHash,
    next.ip,
    next.userAgent,
  ]);
}
