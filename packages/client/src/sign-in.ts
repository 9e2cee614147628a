import { nowMs } from './clock.js';
import { asGatehouseError } from './errors.js';
import type { components } from './openapi.js';
import type { Parts, Refresh, Tokens } from './refresh.js';
import type { Abortable } from './waiting.js';

export type Credentials = Omit<components['schemas']['LoginRequest'], 'refreshTokenIn' | 'deviceToken'>;
export type Registration = components['schemas']['RegisterRequest'];
/** The `mfaToken` of the first step, with a code of the authenticator app or a recovery code. */
export type SecondFactor = components['schemas']['MfaLoginRequest'];

export type SignInResult =
  | { readonly status: 'signedIn'; readonly sessionId: string }
  /** The password was right: ask for a code, and go on with `confirmSignIn` within five minutes. */
  | { readonly status: 'mfaRequired'; readonly mfaToken: string; readonly methods: readonly string[] };

export interface SignIn {
  /** @throws GatehouseError such as `invalid_credentials`, `rate_limited` (see `retryAfterSeconds`), `email_unverified` */
  readonly signIn: (credentials: Credentials, options?: Abortable) => Promise<SignInResult>;
  /** The second step of a sign-in that was answered `mfaRequired`. @throws GatehouseError such as `mfa_invalid` */
  readonly confirmSignIn: (secondFactor: SecondFactor, options?: Abortable) => Promise<SignInResult>;
}

/** The ways in. They wait for a refresh that is under way, whose answer would otherwise replace theirs. */
export function signIns({ inCookie, keep, post, tabs }: Parts, { accept }: Refresh): SignIn {
  const step = (path: string, body: object, options?: Abortable): Promise<SignInResult> =>
    tabs.alone(async () => {
      const askedAtMs = nowMs();
      const tokens = await post<Tokens>(path, body, {}, options);
      await accept(tokens, askedAtMs);
      return { status: 'signedIn', sessionId: tokens.sessionId };
    });
  return {
    signIn: async (credentials, options) => {
      const { deviceToken } = await keep.read();
      const body = { ...credentials, deviceToken, refreshTokenIn: inCookie ? 'cookie' : 'body' };
      return step('/api/login', body, options).catch((error: unknown) => {
        const { mfaToken, methods = [] } = asGatehouseError(error).problem;
        if (!mfaToken) throw error;
        return { status: 'mfaRequired', mfaToken, methods };
      });
    },
    confirmSignIn: (secondFactor, options) => step('/api/login/mfa', secondFactor, options),
  };
}
