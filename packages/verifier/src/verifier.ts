import type { IncomingMessage } from 'node:http';
import { compactVerify } from 'jose';
import { parseHeader } from './access-token/compact-jws.js';
import { asPrincipal } from './access-token/principal.js';
import type { Principal } from './access-token/principal.js';
import { lifeOf, readClaims } from './access-token/token-profile.js';
import type { VerifiedTokens } from './access-token/verified-tokens.js';
import type { Clock } from './clock.js';
import { RevocationUnknownError, TokenInvalidError, TokenRevokedError, TokenStaleError } from './errors.js';
import { bearerToken } from './http/bearer-token.js';
import type { KeySet } from './keys/key-set.js';
import type { VerificationKey } from './keys/verification-key.js';
import type { Follower } from './follower.js';
import type { Settings } from './options.js';
import type { Denylist } from './revocations/denylist.js';
import type { VerifierStatus } from './status.js';

export interface WaitOptions {
  /** Ends the waiting, with its reason. */
  readonly signal?: AbortSignal;
}

interface Parts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly keys: KeySet;
  readonly denylist: Denylist;
  readonly verified: VerifiedTokens;
  readonly follower: Follower;
}

/** Checks access tokens as Gatehouse does, and knows what Gatehouse has revoked. Made by `createVerifier`. */
export class Verifier {
  constructor(private readonly parts: Parts) {}

  /**
   * Resolves once all revocations that are alive and the keys are loaded. Nothing is accepted before.
   * @throws VerifierSetupError where that cannot come about: refused credentials, or no key to verify with; the reason of
   * the signal: without one it waits for as long as Gatehouse is away
   */
  ready({ signal }: WaitOptions = {}): Promise<void> {
    return this.parts.follower.ready(signal);
  }

  /**
   * Verifies an access token and says who bears it.
   * @throws TokenInvalidError, TokenExpiredError, TokenRevokedError, TokenStaleError, RevocationUnknownError,
   * KeysUnavailableError; the reason of the signal
   */
  async verify(token: string, { signal }: WaitOptions = {}): Promise<Principal> {
    const { verified, keys, follower } = this.parts;
    if (!follower.isLoaded) throw new RevocationUnknownError('nothing has been loaded yet, or the verifier is closed');
    const known = verified.recall(token);
    const isKnown = known !== undefined && keys.isInUse(known.principal.keyId, known.algorithm);
    const principal = isKnown ? known.principal : await this.readAuthentic(token);
    await follower.assertCurrent(signal);
    this.assertStands(principal);
    follower.count();
    return principal;
  }

  /**
   * The same for the token of a request: in its one `Authorization` header, nowhere else.
   * @throws TokenMissingError and as `verify`
   */
  async authenticate(request: IncomingMessage, options?: WaitOptions): Promise<Principal> {
    return this.verify(bearerToken(request), options);
  }

  /** How it is, right now. */
  status(): VerifierStatus {
    return this.parts.follower.status();
  }

  /** Where Gatehouse explains an error code: the `type` of a problem document. */
  problemType(code: string): string {
    const { issuer, baseUrl } = this.parts.settings;
    return new URL(`docs/errors#${code}`, URL.canParse(issuer) ? `${issuer.replace(/\/$/, '')}/` : baseUrl).href;
  }

  /** Stops to follow. Refuses every token from then on. */
  close(): void {
    this.parts.follower.close();
  }

  /** Signature, form and claims. */
  private async readAuthentic(token: string): Promise<Principal> {
    const header = parseHeader(token);
    if (!header) throw new TokenInvalidError('form');
    const { settings, keys, clock, verified } = this.parts;
    const key = await keys.find(header);
    await assertSigned(token, key);
    const claims = readClaims(token, settings, clock);
    const principal = asPrincipal(claims, key.kid);
    verified.remember(token, { principal, algorithm: key.algorithm, ...lifeOf(claims) });
    return principal;
  }

  private assertStands(principal: Principal): void {
    const refusal = this.parts.denylist.refusal(principal);
    if (refusal === 'revoked') throw new TokenRevokedError();
    if (refusal === 'stale') throw new TokenStaleError();
  }
}

async function assertSigned(token: string, { key, algorithm }: VerificationKey): Promise<void> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] });
  } catch (error) {
    throw new TokenInvalidError(error);
  }
}
