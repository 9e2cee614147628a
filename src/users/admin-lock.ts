import type { EntityManager } from 'typeorm';
import { row } from '../database/sql.js';
import type { UserId } from '../shared/ids.js';

/** Serialises, until the end of the transaction, whatever counts admins before it changes their number. */
export async function lockAdmins(tx: EntityManager): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('gatehouse.admins', 0))`);
}

const ABLE = `'admin' = ANY (roles) AND disabled_at IS NULL AND email_verified_at IS NOT NULL AND password_hash IS NOT NULL`;

/** Tells whether nobody else could sign in as an admin: enabled, verified and with a password. Under `lockAdmins` only. */
export async function isLastAdmin(tx: EntityManager, userId: UserId): Promise<boolean> {
  const found = await row(
    tx,
    `SELECT 1 FROM users WHERE id = $1 AND ${ABLE} AND NOT EXISTS (SELECT FROM users WHERE id <> $1 AND ${ABLE})`,
    [userId],
  );
  return found !== undefined;
}
