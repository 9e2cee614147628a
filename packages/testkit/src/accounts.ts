import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../../src/shared/clock.js';
import { normaliseEmail } from '../../../src/users/email-address.js';
import { UsersService } from '../../../src/users/users.service.js';

/** Somebody who can sign in at once. */
export interface TestAccount {
  readonly email: string;
  readonly password: string;
  readonly name?: string;
  readonly roles?: readonly string[];
}

/**
 * Makes an account as if its owner had registered and verified the address.
 * @returns the id
 * @throws Error where the address is none, or taken; PasswordWeakError for a password that nobody may have
 */
export async function addAccount(app: INestApplicationContext, account: TestAccount): Promise<string> {
  const email = normaliseEmail(account.email);
  if (email === undefined) throw new Error(`${account.email} is no address.`);
  const now = app.get(Clock).now();
  const { password, name = null, roles = [] } = account;
  const { outcome, userId } = await app.get(UsersService, { strict: false }).register({ email, password, name, now });
  if (outcome !== 'created') throw new Error(`There is an account of ${account.email} already.`);
  await app
    .get(DataSource)
    .query('UPDATE users SET email_verified_at = $2, registration_expires_at = NULL, roles = $3 WHERE id = $1', [
      userId,
      now,
      [...roles],
    ]);
  return userId;
}
