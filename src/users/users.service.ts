import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import { prepared } from '../database/prepared-statements.js';
import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import { addSeconds } from '../shared/clock.js';
import { newUserId } from '../shared/ids.js';
import type { UserId } from '../shared/ids.js';
import { Secret } from '../shared/secret.js';
import { normaliseName } from './account-name.js';
import { toAccount } from './account.js';
import type { Account } from './account.js';
import { normaliseEmail } from './email-address.js';
import type { EmailAddress } from './email-address.js';
import { PasswordHasher } from './password-hasher.js';
import { DecoyHashes } from './passwords/decoy-hashes.js';
import { PasswordPolicy } from './password-policy.js';
import type { PasswordOwner } from './password-policy.js';
import { UserEntity } from './user.entity.js';
import { OverloadedError } from './users.errors.js';

/** A better hash of a password that was just right, to be stored in the transaction of the sign-in. */
export interface PasswordRehash {
  readonly userId: UserId;
  readonly replaced: Secret;
  readonly replacement: Secret;
}

export type PasswordCheck =
  | { readonly outcome: 'match'; readonly account: Account; readonly rehash: PasswordRehash | undefined }
  /** Unknown, without a password, or wrong: `account` is for counters and events, never for the answer. */
  | { readonly outcome: 'mismatch'; readonly account: Account | undefined };

export interface Registration {
  readonly email: EmailAddress;
  readonly password: string;
  readonly name?: string | null;
  readonly now: Date;
}

export interface RegistrationResult {
  /** `replaced`: the address had registered before, but was never verified. */
  readonly outcome: 'created' | 'replaced' | 'taken';
  readonly userId: UserId;
}

export type StoreRegistration = (insert: (on: Executor) => Promise<RegistrationResult>) => Promise<RegistrationResult>;

/** An account that registered itself, and whose address nobody verifies where it must be, is deleted after this: 7 days. */
const UNVERIFIED_SECONDS = 7 * 24 * 60 * 60;

/**
 * Only an account that registered itself where addresses must be verified, and was never: nobody has used it yet, and it
 * expires. Not an invitation (no password yet), an imported account, or one from before verification was asked for.
 * The conflict is written in every case, if only as it was, so that a taken address costs the same commit as a free one.
 */
const REPLACEABLE =
  `$6 AND old.email_verified_at IS NULL AND old.password_hash IS NOT NULL AND old.disabled_at IS NULL ` +
  `AND old.roles = '{}' AND old.registration_expires_at IS NOT NULL`;
const REGISTER = `
  INSERT INTO users AS old (id, email, name, password_hash, created_at, registration_expires_at)
  VALUES ($1, $2, $3, $4, $5, $7)
  ON CONFLICT (email) DO UPDATE SET
    name = CASE WHEN ${REPLACEABLE} THEN excluded.name ELSE old.name END,
    password_hash = CASE WHEN ${REPLACEABLE} THEN excluded.password_hash ELSE old.password_hash END,
    registration_expires_at = CASE WHEN ${REPLACEABLE} THEN excluded.registration_expires_at ELSE old.registration_expires_at END,
    credential_version = old.credential_version + CASE WHEN ${REPLACEABLE} THEN 1 ELSE 0 END
  RETURNING id, CASE WHEN id = $1 THEN 'created' WHEN password_hash = $4 THEN 'replaced' ELSE 'taken' END AS outcome`;

const RECORD_LOGIN = prepared('UPDATE users SET last_login_at = $2, registration_expires_at = NULL WHERE id = $1');

/** Accounts and their passwords. What revokes tokens besides (disable, delete, password change) belongs to `auth`. */
@Injectable()
export class UsersService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly hasher: PasswordHasher,
    private readonly policy: PasswordPolicy,
    private readonly decoys: DecoyHashes,
    private readonly config: AppConfig,
  ) {}

  /**
   * Checks a password; an unknown address takes the same time as a known one.
   * @throws OverloadedError where too many hashes wait, alike for known and unknown addresses
   */
  async verifyPassword(address: string, password: string): Promise<PasswordCheck> {
    const email = normaliseEmail(address);
    const user = email === undefined ? null : await this.users.findOneBy({ email });
    const decoy = email === undefined ? null : await this.decoys.of(email);
    const verdict = await this.hasher.verify(user?.passwordHash ?? decoy, password);
    if (!user?.passwordHash || verdict === 'mismatch')
      return { outcome: 'mismatch', account: user ? toAccount(user) : undefined };
    const rehash = verdict === 'match_rehash_due' ? await this.rehash(user, password) : undefined;
    return { outcome: 'match', account: toAccount(user), rehash };
  }

  /** Stores a better hash of the same password. @returns false where the password has been changed meanwhile */
  async storeRehash(
    { userId, replaced, replacement }: PasswordRehash,
    tx: EntityManager = this.dataSource.manager,
  ): Promise<boolean> {
    const where = { id: userId, passwordHash: replaced.reveal() };
    const { affected } = await tx.update(UserEntity, where, { passwordHash: replacement.reveal() });
    return affected === 1;
  }

  /**
   * Creates an account, or replaces password and name of one whose address awaits its verification. The answer to the
   * caller must not depend on the outcome; the work done here does not.
   * @param store runs the insertion, after everything slow: in a transaction of the caller's, where more belongs to it
   * @throws PasswordWeakError
   * @throws OverloadedError
   */
  async register(
    { email, password, name, now }: Registration,
    store: StoreRegistration = (insert) => insert(this.dataSource),
  ): Promise<RegistrationResult> {
    const hash = await this.hashNewPassword(password, { email, name: name ?? null });
    const mustVerify = this.config.accounts.requireVerifiedEmail;
    const expiresAt = mustVerify ? addSeconds(now, UNVERIFIED_SECONDS) : null;
    const values = [newUserId(), email, normaliseName(name ?? '') ?? null, hash, now, mustVerify, expiresAt];
    return store(async (on) => {
      const registered = await row<{ id: UserId; outcome: RegistrationResult['outcome'] }>(on, REGISTER, values);
      if (!registered) throw new Error('a registration returned no row');
      return { outcome: registered.outcome, userId: registered.id };
    });
  }

  /** @throws PasswordWeakError with the reason, where an account may not have this password */
  async checkNewPassword(password: string, owner: PasswordOwner): Promise<void> {
    await this.policy.check(password, owner);
  }

  /**
   * Hashes a password that is to be an account's.
   * @throws PasswordWeakError with the reason; OverloadedError
   */
  async hashNewPassword(password: string, owner: PasswordOwner): Promise<string> {
    await this.checkNewPassword(password, owner);
    return this.hasher.hash(password);
  }

  async findById(userId: UserId): Promise<Account | undefined> {
    const user = await this.users.findOneBy({ id: userId });
    return user ? toAccount(user) : undefined;
  }

  async findByEmail(email: EmailAddress): Promise<Account | undefined> {
    const user = await this.users.findOneBy({ email });
    return user ? toAccount(user) : undefined;
  }

  /** @param name null clears it. @returns undefined where there is no such account */
  async rename(userId: UserId, name: string | null): Promise<Account | undefined> {
    await this.users.update({ id: userId }, { name: name === null ? null : (normaliseName(name) ?? null) });
    return this.findById(userId);
  }

  /** An account that is in use, where its address need not be verified, does not expire when that comes to be asked for. */
  async recordLogin(tx: EntityManager, userId: UserId, now: Date): Promise<void> {
    await tx.query(RECORD_LOGIN, [userId, now]);
  }

  /** Best effort: a full queue must not fail a sign-in whose password was right; the next one tries again. */
  private async rehash(user: UserEntity, password: string): Promise<PasswordRehash | undefined> {
    if (user.passwordHash === null) return undefined;
    try {
      const replacement = new Secret(await this.hasher.hash(password));
      return { userId: user.id, replaced: new Secret(user.passwordHash), replacement };
    } catch (error) {
      if (error instanceof OverloadedError) return undefined;
      throw error;
    }
  }

  private get users(): Repository<UserEntity> {
    return this.dataSource.getRepository(UserEntity);
  }
}
