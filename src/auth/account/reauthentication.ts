import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ValidationFailedError } from '../../http/http.errors.js';
import type { Principal } from '../../security/principal.js';
import { Clock } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import type { Account } from '../../users/account.js';
import { SecondFactors } from '../../users/mfa/second-factors.js';
import type { FactorProof } from '../../users/mfa/second-factors.js';
import { AccountGoneError, MfaInvalidError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { InvalidCredentialsError, MfaRequiredError } from '../auth.errors.js';
import { secondFactorSubjects, sessionSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import type { Guesser } from '../guesses/guesses.js';

/** What an owner shows once more before a change: the password and, where a second factor is on, one code of either kind. */
export interface OwnerProof {
  readonly password: string;
  readonly code?: string | undefined;
  readonly recoveryCode?: string | undefined;
}

/** Who asks, from where, and who is told of the limits that the question counts against. */
export interface Asking extends Guesser {
  readonly principal: Principal;
}

/**
 * Asks the owner of a session for the password again, and for a code where a second factor is on. Wrong ones are counted
 * for the session, so that neither a thief of it guesses freely nor a stranger elsewhere keeps the owner out.
 */
@Injectable()
export class Reauthentication {
  constructor(
    private readonly users: UsersService,
    private readonly factors: SecondFactors,
    private readonly guesses: Guesses,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks for the password, and for a code where a second factor is on.
   * @returns the account as it was when the password was checked: a change is made only at that `credentialVersion`
   * @throws InvalidCredentialsError, MfaRequiredError, MfaInvalidError, RateLimitedError, OverloadedError, AccountGoneError
   */
  async check({ password, ...codes }: OwnerProof, asking: Asking): Promise<Account> {
    const proof = asFactorProof(codes);
    const account = await this.checkPassword(password, asking);
    if (account.mfaEnabled) await this.checkFactor(account.id, proof, asking);
    return account;
  }

  /**
   * Asks for both, for what only an account with a second factor has.
   * @throws as `check`; MfaInvalidError where the account has none
   */
  async checkBoth(proof: OwnerProof, asking: Asking): Promise<Account> {
    const account = await this.check(proof, asking);
    if (!account.mfaEnabled) throw new MfaInvalidError();
    return account;
  }

  /** Asks for the password alone. @throws as `check` */
  async checkPassword(password: string, asking: Asking): Promise<Account> {
    const now = this.clock.now();
    const { userId, sessionId } = asking.principal;
    const subjects = sessionSubjects(sessionId);
    const checked = await this.guesses.attempt(subjects, asking, now, async () => {
      const account = await this.verify(userId, password);
      return account ? { outcome: 'right', found: account } : { outcome: 'wrong', userId };
    });
    if (!checked) throw new InvalidCredentialsError();
    await this.guesses.forget(this.dataSource, subjects, now);
    return checked.found;
  }

  private async verify(userId: UserId, password: string): Promise<Account | undefined> {
    const known = await this.users.findById(userId);
    if (!known) throw new AccountGoneError();
    const check = await this.users.verifyPassword(known.email, password);
    return check.outcome === 'match' && check.account.id === userId ? check.account : undefined;
  }

  private async checkFactor(userId: UserId, proof: FactorProof | undefined, asking: Asking): Promise<void> {
    if (!proof) throw new MfaRequiredError();
    const now = this.clock.now();
    const subjects = secondFactorSubjects(userId, { knownAs: asking.principal.sessionId });
    const checked = await this.guesses.attempt(subjects, asking, now, async () => {
      const isRight = await this.factors.use(userId, proof, now);
      return isRight ? { outcome: 'right', found: true } : { outcome: 'wrong', userId };
    });
    if (!checked) throw new MfaInvalidError();
    await this.guesses.forget(this.dataSource, subjects, now);
  }
}

/** @throws ValidationFailedError where there are both: which of them is meant is not ours to guess */
export function asFactorProof({ code, recoveryCode }: Omit<OwnerProof, 'password'>): FactorProof | undefined {
  if (code !== undefined && recoveryCode !== undefined) {
    throw new ValidationFailedError([{ field: 'recoveryCode', message: 'must not be sent along with code' }]);
  }
  if (code !== undefined) return { kind: 'totp', code };
  return recoveryCode === undefined ? undefined : { kind: 'recovery_code', code: recoveryCode };
}
