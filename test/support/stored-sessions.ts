import { randomBytes } from 'node:crypto';
import { newId } from '../../src/shared/ids.js';
import type { TestApp } from './test-app.js';

/** A session that is stored without a sign-in, by default live and just opened; nobody has its tokens. */
export interface StoredSession {
  readonly userId: string;
  readonly ip?: string;
  readonly userAgent?: string | null;
  readonly createdAt?: Date;
  readonly lastUsedAt?: Date;
  readonly idleExpiresAt?: Date;
  readonly revokedAt?: Date | null;
  /** Refreshed with an `Idempotency-Key`. */
  readonly keyed?: boolean;
}

const HOUR_MS = 3_600_000;

/** @returns its id */
export async function storeSession(service: Pick<TestApp, 'sql' | 'clock'>, session: StoredSession): Promise<string> {
  const now = service.clock.now();
  const { userId, ip = '192.0.2.1', userAgent = 'node', createdAt = now, revokedAt = null, keyed = false } = session;
  const { lastUsedAt = createdAt, idleExpiresAt = new Date(now.getTime() + HOUR_MS) } = session;
  const id = newId();
  await service.sql(
    `INSERT INTO sessions (id, user_id, salt, secret_id, created_at, last_used_at, authenticated_at, idle_expires_at,
                           absolute_expires_at, ip, last_ip, user_agent, amr, revoked_at, idempotency_key_hash, era)
     SELECT $1, $2, $3, 'none', $4, $5, $4, $6, $7, $8, $8, $9, '{pwd}', $10, $11, era FROM deployment`,
    [
      ...[id, userId, randomBytes(32), createdAt, lastUsedAt, idleExpiresAt, new Date(now.getTime() + 24 * HOUR_MS)],
      ...[ip, userAgent, revokedAt, keyed ? randomBytes(32) : null],
    ],
  );
  return id;
}

/** So many at once, otherwise alike. */
export async function storeMany(
  service: Pick<TestApp, 'sql' | 'clock'>,
  { userId, count, userAgent, ip = '192.0.2.1' }: { userId: string; count: number; userAgent: string; ip?: string },
): Promise<void> {
  await service.sql(
    `INSERT INTO sessions (id, user_id, salt, secret_id, created_at, last_used_at, authenticated_at, idle_expires_at,
                           absolute_expires_at, ip, last_ip, user_agent, amr, era)
     SELECT gen_random_uuid(), $1, sha256(n::text::bytea), 'none', at, at, at, at + interval '1 day', at + interval '1 day',
            $3, $3, $4, '{pwd}', era
     FROM deployment, generate_series(1, $5) n, (SELECT $2::timestamptz) AS time (at)`,
    [userId, service.clock.now(), ip, userAgent, count],
  );
}
