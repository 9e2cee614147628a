import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import type { NotedLimit } from '../http/rate-limit-fields.js';
import { RateLimitedError } from '../security/security.errors.js';
import type { ClientContext } from '../shared/client-context.js';
import { Clock } from '../shared/clock.js';
import { Revocations } from '../tokens/revocation/revocations.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import type { OpenedSession } from '../tokens/sessions/sessions.service.js';
import { UsersService } from '../users/users.service.js';
import type { PasswordCheck } from '../users/users.service.js';
import type { EmailAddress } from '../users/email-address.js';
import { AccountDisabledError, EmailUnverifiedError, InvalidCredentialsError } from './auth.errors.js';
import { Guesses } from './guesses.js';
import type { Guess } from './guesses.js';

type PasswordMatch = Extract<PasswordCheck, { outcome: 'match' }>;

/** A password that was right a moment ago: worth a session as long as it still is the current one. */
export interface CheckedPassword {
  readonly match: PasswordMatch;
  readonly guess: Guess;
  readonly noteLimit: (limit: NotedLimit) => void;
}

/** Sign-in with a password: count, check, open. */
@Injectable()
export class PasswordSignIn {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionsService,
    private readonly revocations: Revocations,
    private readonly guesses: Guesses,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Checks a password at the same cost whether or not there is such an account. A try is counted before, and stays
   * counted only where the password was wrong.
   * @param noteLimit is told how many tries are left
   * @throws RateLimitedError, InvalidCredentialsError, OverloadedError; after a right password only: AccountDisabledError,
   * EmailUnverifiedError
   */
  async check(
    email: EmailAddress,
    password: string,
    client: ClientContext,
    noteLimit: (limit: NotedLimit) => void,
  ): Promise<CheckedPassword> {
    const guess = await this.guesses.reserve(email, client.ip, this.clock.now());
    noteLimit(guess.limit);
    if (!guess.granted) throw new RateLimitedError(guess.retryAfterSeconds);
    const match = await this.forgiving(guess, () => this.users.verifyPassword(email, password));
    if (match.outcome === 'mismatch') {
      await this.guesses.fail(guess);
      throw new InvalidCredentialsError();
    }
    await this.refuseUnusable(match, guess);
    return { match, guess, noteLimit };
  }

  /**
   * Opens a session in one transaction with everything that a sign-in leaves behind.
   * @throws InvalidCredentialsError where the password was changed or the account disabled since it was checked
   */
  async openSession(
    { match, guess, noteLimit }: CheckedPassword,
    deviceName: string | undefined,
    client: ClientContext,
    now: Date,
  ): Promise<OpenedSession> {
    const { id: userId, credentialVersion } = match.account;
    const signIn = { userId, credentialVersion, amr: ['pwd'], deviceName, client };
    const opened = await this.forgiving(guess, () =>
      this.revocations.transaction(async (tx) => {
        // First, since it locks the user's row: two sign-ins that each held it shared would wait for one another.
        await this.users.recordLogin(tx, userId, now);
        const session = await this.sessions.open(tx, signIn, now);
        if (!session) return undefined;
        if (match.rehash) await this.users.storeRehash(tx, match.rehash);
        noteLimit(await this.guesses.reset(tx, guess));
        return session;
      }),
    );
    if (!opened) throw new InvalidCredentialsError();
    return opened;
  }

  /** Takes the try back where the work fails: nothing was learned of the password. */
  private async forgiving<Result>(guess: Guess, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await this.guesses.giveBack(guess).catch(() => undefined);
      throw error;
    }
  }

  private async refuseUnusable({ account }: PasswordMatch, guess: Guess): Promise<void> {
    const unverified = this.config.accounts.requireVerifiedEmail && !account.emailVerified;
    if (!account.disabled && !unverified) return;
    await this.guesses.giveBack(guess);
    if (account.disabled) throw new AccountDisabledError();
    throw new EmailUnverifiedError();
  }
}
