import type { EntityManager } from 'typeorm';
import { row } from '../database/sql.js';
import { newUserId } from '../shared/ids.js';
import type { UserId } from '../shared/ids.js';
import type { EmailAddress } from './email-address.js';
import { MOST_ROLES } from './role-name.js';

export interface FoundAccount {
  readonly userId: UserId;
  /** Whether there was no account of the address. */
  readonly created: boolean;
}

/** Locks the account of an address, which is made where there is none. */
export async function ensureAccount(tx: EntityManager, email: EmailAddress, now: Date): Promise<FoundAccount> {
  const found = await row<FoundAccount>(
    tx,
    `INSERT INTO users AS old (id, email, created_at) VALUES ($1, $2, $3)
     ON CONFLICT (email) DO UPDATE SET email = old.email
     RETURNING id AS "userId", id = $1 AS created`,
    [newUserId(), email, now],
  );
  if (!found) throw new Error('an account was neither found nor made');
  return found;
}

/**
 * Makes a locked account an enabled, verified admin without a password: whoever chose one before is not who asks for this.
 * @returns its credential version
 */
export async function makeAdmin(tx: EntityManager, userId: UserId, now: Date): Promise<number> {
  const made = await row<{ version: number }>(
    tx,
    `UPDATE users SET
       roles = CASE WHEN 'admin' = ANY (roles) THEN roles ELSE ('{admin}' || roles)[1:${MOST_ROLES}] END,
       email_verified_at = coalesce(email_verified_at, $2),
       registration_expires_at = NULL, disabled_at = NULL, password_hash = NULL
     WHERE id = $1 RETURNING credential_version AS version`,
    [userId, now],
  );
  if (!made) throw new Error('the account is gone, though its row is locked');
  return made.version;
}
