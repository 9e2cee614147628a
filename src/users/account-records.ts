import { Injectable } from '@nestjs/common';
import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import { newUserId } from '../shared/ids.js';
import type { UserId } from '../shared/ids.js';
import { normaliseName } from './account-name.js';
import { ActionLinks } from './action-links.js';
import type { EmailAddress } from './email-address.js';
import { SecondFactors } from './mfa/second-factors.js';

export interface Invited {
  readonly email: EmailAddress;
  readonly name: string | undefined;
  readonly roles: readonly string[];
}

/** Writes to accounts, in a transaction of the caller's, who sees to what else the change ends. */
@Injectable()
export class AccountRecords {
  constructor(
    private readonly links: ActionLinks,
    private readonly factors: SecondFactors,
  ) {}

  /** Creates an account without a password. @returns its id, or undefined where the address is taken */
  async createInvited(tx: Executor, { email, name, roles }: Invited, now: Date): Promise<UserId | undefined> {
    const created = await row<{ id: UserId }>(
      tx,
      `INSERT INTO users (id, email, name, roles, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (email) DO NOTHING RETURNING id`,
      [newUserId(), email, normaliseName(name ?? '') ?? null, [...new Set(roles)], now],
    );
    return created?.id;
  }

  /** Locks the registration that holds an address without anyone having used it or shown that it is theirs. */
  async lockUnusedRegistration(tx: Executor, email: EmailAddress): Promise<UserId | undefined> {
    const found = await row<{ id: UserId }>(
      tx,
      `SELECT id FROM users WHERE email = $1 AND registration_expires_at IS NOT NULL AND email_verified_at IS NULL
       FOR UPDATE`,
      [email],
    );
    return found?.id;
  }

  async setPassword(tx: Executor, userId: UserId, hash: string): Promise<void> {
    await tx.query('UPDATE users SET password_hash = $2 WHERE id = $1', [userId, hash]);
  }

  /** From now on no device is known. @returns the new device version */
  async forgetDevices(tx: Executor, userId: UserId): Promise<number> {
    const forgot = await row<{ version: number }>(
      tx,
      'UPDATE users SET device_version = device_version + 1 WHERE id = $1 RETURNING device_version AS version',
      [userId],
    );
    if (!forgot) throw new Error('the account is gone, though its row is locked');
    return forgot.version;
  }

  async verifyEmail(tx: Executor, userId: UserId, now: Date): Promise<void> {
    await tx.query(
      `UPDATE users SET email_verified_at = coalesce(email_verified_at, $2), registration_expires_at = NULL WHERE id = $1`,
      [userId, now],
    );
  }

  /** @throws QueryFailedError (unique violation) where the address has been taken since it was looked for */
  async changeEmail(tx: Executor, userId: UserId, email: EmailAddress, now: Date): Promise<void> {
    await tx.query(
      'UPDATE users SET email = $2, email_verified_at = $3, registration_expires_at = NULL WHERE id = $1',
      [userId, email, now],
    );
  }

  /** Takes what somebody left in an account who never showed that its address is theirs: second factors and links. */
  async disown(tx: Executor, userId: UserId): Promise<void> {
    await this.factors.remove(tx, userId);
    await this.links.endAll(tx, userId);
  }

  /** Tells whether the second factor was put on before anyone had shown that the address is theirs. */
  async hasEarlierFactor(tx: Executor, userId: UserId): Promise<boolean> {
    const found = await row(
      tx,
      `SELECT 1 FROM totp_factors f JOIN users u ON u.id = f.user_id
       WHERE u.id = $1 AND f.confirmed_at < u.email_verified_at`,
      [userId],
    );
    return found !== undefined;
  }

  /** Its sessions, factors and links go with it. */
  async delete(tx: Executor, userId: UserId): Promise<void> {
    await tx.query('DELETE FROM users WHERE id = $1', [userId]);
  }
}
