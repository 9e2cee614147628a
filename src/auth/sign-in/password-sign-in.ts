import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { Clock } from '../../shared/clock.js';
import { UsersService } from '../../users/users.service.js';
import type { PasswordCheck } from '../../users/users.service.js';
import type { EmailAddress } from '../../users/email-address.js';
import { AccountDisabledError, EmailUnverifiedError, InvalidCredentialsError } from '../auth.errors.js';
import { DeviceTokens } from '../guesses/device-tokens.js';
import { loginSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import type { Guess, Guesser } from '../guesses/guesses.js';

type PasswordMatch = Extract<PasswordCheck, { outcome: 'match' }>;

/** A password that was right a moment ago: worth a session as long as it still is the current one. */
export interface CheckedPassword {
  readonly match: PasswordMatch;
  readonly guess: Guess;
  /** The known device that it came from, if any. */
  readonly deviceId: string | undefined;
}

/** The first step of a sign-in: count, then check. */
@Injectable()
export class PasswordSignIn {
  constructor(
    private readonly users: UsersService,
    private readonly devices: DeviceTokens,
    private readonly guesses: Guesses,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Checks a password at the same cost whether or not there is such an account. A try is counted before, and stays
   * counted only where the password was wrong.
   * @throws RateLimitedError, InvalidCredentialsError, OverloadedError; after a right password only: AccountDisabledError,
   * EmailUnverifiedError
   */
  async check(
    email: EmailAddress,
    password: string,
    deviceToken: string | undefined,
    guesser: Guesser,
  ): Promise<CheckedPassword> {
    const now = this.clock.now();
    const deviceId = await this.devices.recognise(deviceToken, () => this.users.findByEmail(email), now);
    const subjects = loginSubjects(email, guesser.client.ip, deviceId);
    const checked = await this.guesses.attempt(subjects, guesser, now, async () => {
      const check = await this.users.verifyPassword(email, password);
      return check.outcome === 'match'
        ? { outcome: 'right', found: check }
        : { outcome: 'wrong', userId: check.account?.id };
    });
    if (!checked) throw new InvalidCredentialsError();
    const { guess, found: match } = checked;
    await this.refuseUnusable(match, guess, now);
    return { match, guess, deviceId };
  }

  private async refuseUnusable({ account }: PasswordMatch, guess: Guess, now: Date): Promise<void> {
    const unverified = this.config.accounts.requireVerifiedEmail && !account.emailVerified;
    if (!account.disabled && !unverified) return;
    await this.guesses.refuse(guess, account.id, account.disabled ? 'disabled' : 'unverified', now);
    if (account.disabled) throw new AccountDisabledError();
    throw new EmailUnverifiedError();
  }
}
