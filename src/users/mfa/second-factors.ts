import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { DataKeys } from '../../crypto/data-keys.js';
import { seal, unseal } from '../../crypto/sealing.js';
import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { addSeconds } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import type { Account } from '../account.js';
import { newRecoveryCode, printed, readRecoveryCode } from './recovery-code.js';
import type { RecoveryCode } from './recovery-code.js';
import { newTotpSecret, stepOf, totpKeyOf } from './totp.js';
import type { TotpKey } from './totp.js';

/** How long an enrolment may take, in seconds. */
const ENROLMENT_SECONDS = 15 * 60;
const RECOVERY_CODES = 10;

/** A code of the authenticator app, or one of the recovery codes. */
export type FactorProof =
  { readonly kind: 'totp'; readonly code: string } | { readonly kind: 'recovery_code'; readonly code: string };

/** New recovery codes: what is stored, and what their owner is shown this once. */
export interface RecoveryCodes {
  readonly hashes: readonly Buffer[];
  readonly printed: readonly string[];
}

/** A code that was right for an enrolment under way, and for no other. */
export interface CheckedEnrolment {
  readonly sealedSecret: Buffer;
  readonly step: number;
}

type FactorRow = Pick<CheckedEnrolment, 'sealedSecret'>;

/** The second factors of accounts: one authenticator app (RFC 6238), and ten recovery codes. */
@Injectable()
export class SecondFactors {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
    private readonly config: AppConfig,
  ) {}

  /**
   * Uses a code up, in one compare-and-swap: of any number of racers with it one gets true. A code of the app that is not
   * newer than the last one accepted is refused, too.
   * @returns whether it was right and unused
   */
  use(userId: UserId, proof: FactorProof, now: Date): Promise<boolean> {
    return proof.kind === 'totp' ? this.useTotp(userId, proof.code, now) : this.useRecovery(userId, proof.code);
  }

  /**
   * Begins an enrolment, in the place of any that was begun before.
   * @param account as it was when its password was checked
   * @returns what the authenticator app is told; undefined where the credential has changed since, an enrolment's end
   * included
   */
  async begin(account: Pick<Account, 'id' | 'email' | 'credentialVersion'>, now: Date): Promise<TotpKey | undefined> {
    const { id: userId, email, credentialVersion } = account;
    const secret = newTotpSecret();
    const sealed = seal(await this.dataKeys.key('totp'), userId, secret);
    const begun = await row(
      this.dataSource,
      `INSERT INTO totp_factors AS f (user_id, sealed_secret, created_at)
       SELECT id, $2::bytea, $3::timestamptz FROM users WHERE id = $1 AND credential_version = $4 FOR SHARE
       ON CONFLICT (user_id) DO UPDATE SET sealed_secret = $2, created_at = $3, last_step = 0
         WHERE f.confirmed_at IS NULL
       RETURNING user_id`,
      [userId, sealed, now, credentialVersion],
    );
    if (!begun) return undefined;
    return totpKeyOf(secret, new URL(this.config.http.publicUrl).hostname, email);
  }

  /** Checks a code for the enrolment that is under way. @returns undefined where it is wrong, or there is none */
  async checkEnrolment(userId: UserId, code: string, now: Date): Promise<CheckedEnrolment | undefined> {
    const begun = await row<FactorRow>(
      this.dataSource,
      `SELECT sealed_secret AS "sealedSecret" FROM totp_factors
       WHERE user_id = $1 AND confirmed_at IS NULL AND created_at > $2`,
      [userId, addSeconds(now, -ENROLMENT_SECONDS)],
    );
    const step = begun && (await this.stepOf(begun, userId, code, now));
    return begun && step !== undefined ? { ...begun, step } : undefined;
  }

  /**
   * Finishes an enrolment with a code that was checked: the second factor is on.
   * @returns false where another was first, or it was begun anew since: the code was another secret's
   */
  async confirm(
    tx: Executor,
    userId: UserId,
    { sealedSecret, step }: CheckedEnrolment,
    codes: RecoveryCodes,
    now: Date,
  ): Promise<boolean> {
    const confirmed = await row(
      tx,
      `UPDATE totp_factors SET confirmed_at = $2, last_step = $3
       WHERE user_id = $1 AND sealed_secret = $4 AND confirmed_at IS NULL RETURNING user_id`,
      [userId, now, step, sealedSecret],
    );
    if (!confirmed) return false;
    await tx.query('UPDATE users SET mfa_enabled = true WHERE id = $1', [userId]);
    await this.replaceRecoveryCodes(tx, userId, codes);
    return true;
  }

  async newRecoveryCodes(userId: UserId): Promise<RecoveryCodes> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    return { hashes: await Promise.all(codes.map((code) => this.hashOf(userId, code))), printed: codes.map(printed) };
  }

  async replaceRecoveryCodes(tx: Executor, userId: UserId, { hashes }: RecoveryCodes): Promise<void> {
    await tx.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
    await tx.query('INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])', [userId, hashes]);
  }

  /** Takes the second factor off an account. @returns whether it had one */
  async remove(tx: Executor, userId: UserId): Promise<boolean> {
    // The user's row first, as every change of a credential takes it.
    const had = await row(tx, 'UPDATE users SET mfa_enabled = false WHERE id = $1 AND mfa_enabled RETURNING id', [
      userId,
    ]);
    await tx.query('DELETE FROM totp_factors WHERE user_id = $1', [userId]);
    await tx.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
    return had !== undefined;
  }

  private async useTotp(userId: UserId, code: string, now: Date): Promise<boolean> {
    const factor = await row<FactorRow>(
      this.dataSource,
      `SELECT sealed_secret AS "sealedSecret" FROM totp_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL`,
      [userId],
    );
    const step = factor && (await this.stepOf(factor, userId, code, now));
    if (!factor || step === undefined) return false;
    const used = await row(
      this.dataSource,
      `UPDATE totp_factors SET last_step = $2
       WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL AND sealed_secret = $3 RETURNING user_id`,
      [userId, step, factor.sealedSecret],
    );
    return used !== undefined;
  }

  private async useRecovery(userId: UserId, text: string): Promise<boolean> {
    const code = readRecoveryCode(text);
    if (code === undefined) return false;
    const used = await row(
      this.dataSource,
      'DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2 RETURNING user_id',
      [userId, await this.hashOf(userId, code)],
    );
    return used !== undefined;
  }

  /** @throws Error where the stored secret does not open: it was altered, or is another user's */
  private async stepOf(
    { sealedSecret }: FactorRow,
    userId: UserId,
    code: string,
    now: Date,
  ): Promise<number | undefined> {
    const secret = unseal(await this.dataKeys.key('totp'), userId, sealedSecret);
    if (!secret) throw new Error('a stored authenticator secret does not open');
    return stepOf(secret, code, now);
  }

  private async hashOf(userId: UserId, code: RecoveryCode): Promise<Buffer> {
    return createHmac('sha256', await this.dataKeys.key('recovery codes'))
      .update(userId)
      .update(code)
      .digest();
  }
}
