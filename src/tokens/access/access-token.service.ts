import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppConfig } from '../../config/app-config.js';
import type { Principal } from '../../security/principal.js';
import {
  TokenExpiredError,
  TokenInvalidError,
  TokenRevokedError,
  TokenStaleError,
} from '../../security/security.errors.js';
import { AppError } from '../../shared/app-error.js';
import { Clock, addSeconds, earlierOf, epochSeconds } from '../../shared/clock.js';
import { asSessionId, asUserId, newId } from '../../shared/ids.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import { ACCESS_TOKEN_TYPE, parseClaims } from './compact-jws.js';
import type { AccessTokenClaims } from './compact-jws.js';
import { Denylist } from '../revocation/denylist.js';
import { RevocationFeed } from '../revocation/revocation-feed.js';
import { RevocationUnknownError } from '../tokens.errors.js';
import { SigningKeys } from '../keys/signing-keys.js';

export const CLIENT_ID = 'gatehouse';
/** How far the clocks of two instances may be apart. */
const SKEW_SECONDS = 5;

/** Whom an access token is for: read with the session in one statement. */
export interface TokenSubject {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly roles: readonly string[];
  readonly ver: number;
  readonly era: number;
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  /** When the session ends by itself, of disuse or age: no access token outlives it. */
  readonly endsAt: Date;
}

export interface IssuedAccessToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
}

/** Issues and verifies access tokens as the contract, §2, profiles them (RFC 9068, RFC 8725). */
@Injectable()
export class AccessTokenService {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
    private readonly denylist: Denylist,
    private readonly feed: RevocationFeed,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  issue(subject: TokenSubject, now: Date): IssuedAccessToken {
    const { issuer, audience, accessTokenTtlSeconds } = this.config.tokens;
    const { kid, algorithm } = this.keys.signer();
    const iat = epochSeconds(now);
    const exp = epochSeconds(earlierOf(addSeconds(now, accessTokenTtlSeconds), subject.endsAt));
    const claims: AccessTokenClaims = {
      iss: issuer,
      aud: audience,
      sub: subject.userId,
      sid: subject.sessionId,
      jti: newId(),
      iat,
      exp,
      auth_time: epochSeconds(subject.authenticatedAt),
      amr: subject.amr,
      roles: subject.roles,
      client_id: CLIENT_ID,
      ver: subject.ver,
      era: subject.era,
    };
    const accessToken = this.jwt.sign(claims, {
      algorithm,
      header: { alg: algorithm, typ: ACCESS_TOKEN_TYPE, kid },
    });
    return { accessToken, expiresInSeconds: exp - iat };
  }

  /**
   * Verifies a token and says who bears it.
   * @throws TokenInvalidError, TokenExpiredError, TokenRevokedError, TokenStaleError, RevocationUnknownError
   */
  async verify(token: string): Promise<Principal> {
    return this.accept(await this.authenticate(token));
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
    const key = await this.keys.findKeyOf(token);
    try {
      this.jwt.verify(token, {
        algorithms: [key.algorithm],
        ignoreExpiration: true,
        ignoreNotBefore: true,
      });
    } catch (error) {
      throw new TokenInvalidError(error);
    }
    return this.readClaims(token, key.kid);
  }

  /**
   * The rest of the verification, for a caller that has checked the signature with `SigningKeys.keyOf`.
   * @throws as `verify`
   */
  async acceptVerified(token: string): Promise<Principal> {
    return this.accept(this.readClaims(token, this.keys.keyOf(token).kid));
  }

  /** Checks the claims of a token whose signature holds. */
  private readClaims(token: string, keyId: string): Principal {
    const claims = parseClaims(token);
    if (!claims) throw new TokenInvalidError('claims');
    const { issuer, audience, accessTokenTtlSeconds } = this.config.tokens;
    const now = epochSeconds(this.clock.now());
    if (claims.iss !== issuer || claims.aud !== audience || claims.client_id !== CLIENT_ID) {
      throw new TokenInvalidError('issuer, audience or client');
    }
    if (claims.iat > now + SKEW_SECONDS || (claims.nbf ?? 0) > now + SKEW_SECONDS)
      throw new TokenInvalidError('future');
    if (claims.exp <= claims.iat || claims.exp - claims.iat > accessTokenTtlSeconds)
      throw new TokenInvalidError('life');
    if (claims.exp <= now) throw new TokenExpiredError();
    return asPrincipal(claims, keyId);
  }

  /** The second half: refuses what has been revoked, from memory alone. */
  private async accept(principal: Principal): Promise<Principal> {
    await this.feed.assertCurrent();
    const refusal = this.denylist.refusal(principal);
    if (refusal === 'revoked') throw new TokenRevokedError();
    if (refusal === 'stale') throw new TokenStaleError();
    return principal;
  }
}

function asPrincipal(claims: AccessTokenClaims, keyId: string): Principal {
  return {
    userId: asUserId(claims.sub),
    sessionId: asSessionId(claims.sid),
    tokenId: claims.jti,
    keyId,
    roles: claims.roles,
    ver: claims.ver,
    era: claims.era,
    amr: claims.amr,
    authenticatedAt: new Date(claims.auth_time * 1000),
    issuedAt: new Date(claims.iat * 1000),
    expiresAt: new Date(claims.exp * 1000),
  };
}
