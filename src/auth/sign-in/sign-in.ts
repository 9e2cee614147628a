import { Injectable } from '@nestjs/common';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import type { Account } from '../../users/account.js';
import { MfaInvalidError } from '../../users/users.errors.js';
import { InvalidCredentialsError } from '../auth.errors.js';
import { loginSubjects, secondFactorSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import type { GuessSubject } from '../guesses/guess-subjects.js';
import { TokenIssuer } from '../token-issuer.js';
import type { IssuedTokens } from '../token-issuer.js';
import { MfaSignIn } from './mfa-sign-in.js';
import type { CheckedFactor, SignInWish } from './mfa-sign-in.js';
import type { CheckedPassword } from './password-sign-in.js';
import { SignInOpening } from './sign-in-opening.js';
import type { FinishedSignIn } from './sign-in-opening.js';

/** RFC 8176 §2. A recovery code is a one-time password, too. */
const AMR = { password: ['pwd'], secondFactor: ['pwd', 'otp'] } as const;

/** Sign-ins from the step that has been checked on: to the next step, or to a session and its tokens. */
@Injectable()
export class SignIn {
  constructor(
    private readonly opening: SignInOpening,
    private readonly secondStep: MfaSignIn,
    private readonly guesses: Guesses,
    private readonly tokens: TokenIssuer,
    private readonly clock: Clock,
  ) {}

  /**
   * Goes on from a right password.
   * @throws MfaRequiredError where the account has a second factor
   * @throws InvalidCredentialsError where the password was changed or the account disabled since it was checked
   */
  async afterPassword(checked: CheckedPassword, wish: SignInWish, client: ClientContext): Promise<IssuedTokens> {
    const now = this.clock.now();
    const { guess, deviceId } = checked;
    const { account, rehash } = checked.match;
    if (account.mfaEnabled) {
      await this.guesses.goOn(guess, account.id, now);
      throw await this.secondStep.begin(checked, wish, now);
    }
    await this.guesses.giveBack(guess);
    const { credentialVersion } = account;
    const { deviceName } = wish;
    const tokens = await this.open(
      {
        ...{ account, credentialVersion, amr: AMR.password, deviceId, deviceName, client },
        subjects: forgotten(account, client, deviceId),
        rehash,
      },
      now,
    );
    if (!tokens) throw new InvalidCredentialsError();
    this.guesses.noteForgotten(guess);
    return tokens;
  }

  /**
   * Goes on from a right second factor.
   * @throws MfaInvalidError where another sign-in has used the mfaToken up, or the credential was changed meanwhile
   */
  async afterSecondFactor(
    mfaToken: string,
    { challenge, account, guess }: CheckedFactor,
    client: ClientContext,
  ): Promise<IssuedTokens> {
    const now = this.clock.now();
    const { userId, credentialVersion, deviceId, deviceName } = challenge;
    await this.guesses.giveBack(guess);
    const tokens = await this.open(
      {
        ...{ account, credentialVersion, amr: AMR.secondFactor, deviceId, deviceName, client },
        subjects: [...forgotten(account, client, deviceId), ...codesOf(userId, deviceId)],
        end: (tx) => this.secondStep.end(tx, mfaToken),
      },
      now,
    );
    if (!tokens) throw new MfaInvalidError();
    this.guesses.noteForgotten(guess);
    return tokens;
  }

  private async open(signIn: FinishedSignIn, now: Date): Promise<IssuedTokens | undefined> {
    const session = await this.opening.open(signIn, now);
    return session && this.tokens.issueForSignIn(session, signIn.account, signIn.deviceId, now);
  }
}

/** What a finished sign-in makes forgotten: never what was counted for the whole network. */
function forgotten(account: Account, { ip }: ClientContext, deviceId: string | undefined): GuessSubject[] {
  const subjects = [
    ...loginSubjects(account.email, ip, undefined),
    ...(deviceId === undefined ? [] : loginSubjects(account.email, ip, deviceId)),
  ];
  return subjects.filter(({ policy }) => policy !== 'login-network');
}

const codesOf = (userId: UserId, deviceId: string | undefined): GuessSubject[] => [
  ...secondFactorSubjects(userId, 'anywhere'),
  ...(deviceId === undefined ? [] : secondFactorSubjects(userId, { knownAs: deviceId })),
];
