import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../shared/clock.js';
import type { Account } from '../../users/account.js';
import { SecondFactors } from '../../users/mfa/second-factors.js';
import type { FactorProof } from '../../users/mfa/second-factors.js';
import { MfaInvalidError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { MfaRequiredError } from '../auth.errors.js';
import { secondFactorSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import type { Guess, Guesser } from '../guesses/guesses.js';
import { MfaChallenges } from '../mfa/mfa-challenges.js';
import type { MfaChallenge } from '../mfa/mfa-challenges.js';
import type { RefreshTokenIn } from '../token-issuer.js';
import type { CheckedPassword } from './password-sign-in.js';

/** What a client wants of its sign-in; the second step remembers it. */
export interface SignInWish {
  readonly deviceName: string | undefined;
  readonly refreshTokenIn: RefreshTokenIn;
}

/** A second factor that was right a moment ago. */
export interface CheckedFactor {
  readonly challenge: MfaChallenge;
  readonly account: Account;
  readonly guess: Guess;
}

const METHODS = ['totp', 'recovery_code'] as const;

/** The second step of a sign-in: begun after the password, then count and check. */
@Injectable()
export class MfaSignIn {
  constructor(
    private readonly challenges: MfaChallenges,
    private readonly factors: SecondFactors,
    private readonly users: UsersService,
    private readonly guesses: Guesses,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins the second step of a sign-in whose password was right.
   * @returns the answer to the first, to be thrown
   */
  async begin(
    { match: { account, rehash }, deviceId }: CheckedPassword,
    { deviceName, refreshTokenIn }: SignInWish,
    now: Date,
  ): Promise<MfaRequiredError> {
    // Whatever comes of the sign-in: the password is here now.
    if (rehash) await this.users.storeRehash(rehash);
    const { id: userId, credentialVersion } = account;
    const challenge = { userId, credentialVersion, deviceId, deviceName, refreshTokenIn };
    return new MfaRequiredError({ mfaToken: await this.challenges.open(challenge, now), methods: METHODS });
  }

  /** Tells whether a token is of a sign-in that wants cookies; looking counts for nothing. */
  async wantsCookies(mfaToken: string): Promise<boolean> {
    return (await this.challenges.find(mfaToken, this.clock.now()))?.refreshTokenIn === 'cookie';
  }

  /** Ends the second step in the sign-in's transaction. @returns false where another sign-in was first */
  end(tx: EntityManager, mfaToken: string): Promise<boolean> {
    return this.challenges.end(tx, mfaToken);
  }

  /**
   * Checks a code for the sign-in that an mfaToken names, and uses it up.
   * @throws MfaInvalidError for a wrong code and for a token that is good for none, without telling which; RateLimitedError
   */
  async check(mfaToken: string, proof: FactorProof, guesser: Guesser): Promise<CheckedFactor> {
    const now = this.clock.now();
    const challenge = await this.challenges.take(mfaToken, now);
    const account = challenge && (await this.users.findById(challenge.userId));
    if (!challenge || !account) throw new MfaInvalidError();
    const { userId, deviceId } = challenge;
    const subjects = secondFactorSubjects(userId, deviceId === undefined ? guesser.client : { knownAs: deviceId });
    const checked = await this.keeping(mfaToken, () =>
      this.guesses.attempt(subjects, guesser, now, async () => {
        const isRight = await this.factors.use(userId, proof, now);
        return isRight ? { outcome: 'right', found: true } : { outcome: 'wrong', userId };
      }),
    );
    if (!checked) throw new MfaInvalidError();
    return { challenge, account, guess: checked.guess };
  }

  /** Takes the token's try back where no code was looked at. */
  private async keeping<Result>(mfaToken: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await this.challenges.giveBack(mfaToken).catch(() => undefined);
      throw error;
    }
  }
}
