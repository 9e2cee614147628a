import { Injectable } from '@nestjs/common';
import type { Principal } from '../../security/principal.js';
import { TokenInvalidError } from '../../security/security.errors.js';
import { AppError } from '../../shared/app-error.js';
import { asSessionId, asUserId } from '../../shared/ids.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { RevocationCheck } from '../revocation/revocation-check.js';
import { RevocationUnknownError } from '../tokens.errors.js';
import { AccessTokenProfile, lifeOf } from './access-token-profile.js';
import { parseHeader } from './compact-jws.js';
import type { AccessTokenClaims } from './compact-jws.js';
import { isSignedBy } from './jws-signature.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Verifies access tokens as the contract, §2, profiles them (RFC 9068, RFC 8725). */
@Injectable()
export class AccessTokenVerifier {
  constructor(
    private readonly keys: SigningKeys,
    private readonly profile: AccessTokenProfile,
    private readonly revocations: RevocationCheck,
    private readonly verified: VerifiedTokens,
  ) {}

  /**
   * Verifies a token and says who bears it.
   * @throws TokenInvalidError, TokenExpiredError, TokenRevokedError, TokenStaleError, RevocationUnknownError
   */
  async verify(token: string): Promise<Principal> {
    const known = this.verified.recall(token);
    if (known) return known;
    const principal = await this.authenticate(token);
    await this.revocations.assertStands(principal);
    return principal;
  }

  /** The same, but nothing where the token is no good. @throws RevocationUnknownError where that cannot be told */
  async tryVerify(token: string): Promise<Principal | undefined> {
    try {
      return await this.verify(token);
    } catch (error) {
      if (error instanceof AppError && !(error instanceof RevocationUnknownError)) return undefined;
      throw error;
    }
  }

  /** The first half: signature, form and claims, but not whether it was revoked since. */
  async authenticate(token: string): Promise<Principal> {
    const header = parseHeader(token);
    if (!header) throw new TokenInvalidError('form');
    const key = await this.keys.find(header);
    if (!isSignedBy(key, token)) throw new TokenInvalidError('signature');
    const claims = this.profile.readClaims(token);
    const principal = asPrincipal(claims, key.kid);
    this.verified.remember(token, { principal, algorithm: key.algorithm, ...lifeOf(claims) });
    return principal;
  }

  /** Who bears a token that has been verified before, and stands; undefined where that has to be found out. */
  recall(token: string): Principal | undefined {
    return this.verified.recall(token);
  }
}

/** Frozen, as many requests may share it. */
function asPrincipal(claims: AccessTokenClaims, keyId: string): Principal {
  return Object.freeze({
    userId: asUserId(claims.sub),
    sessionId: asSessionId(claims.sid),
    tokenId: claims.jti,
    keyId,
    roles: Object.freeze(claims.roles),
    ver: claims.ver,
    era: claims.era,
    amr: Object.freeze(claims.amr),
    authenticatedAt: new Date(claims.auth_time * 1000),
    issuedAt: new Date(claims.iat * 1000),
    expiresAt: new Date(claims.exp * 1000),
  });
}
