import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { TokenExpiredError, TokenInvalidError } from '../../security/security.errors.js';
import { Clock, epochSeconds } from '../../shared/clock.js';
import { parseClaims } from './compact-jws.js';
import type { AccessTokenClaims } from './compact-jws.js';

export const CLIENT_ID = 'gatehouse';
/** How far the clocks of two instances may be apart. */
const SKEW_SECONDS = 5;

/** When a token is good by its own claims, in seconds since 1970: from the first, up to but not at the second. */
export interface TokenLife {
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

export const lifeOf = ({ iat, nbf = 0, exp }: AccessTokenClaims): TokenLife => ({
  fromSeconds: Math.max(iat, nbf) - SKEW_SECONDS,
  untilSeconds: exp,
});

/** What the claims of an access token of this service say (the contract, §2; RFC 9068, RFC 8725). */
@Injectable()
export class AccessTokenProfile {
  constructor(
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /**
   * Reads the claims of a token whose signature holds.
   * @throws TokenInvalidError, TokenExpiredError
   */
  readClaims(token: string): AccessTokenClaims {
    const claims = parseClaims(token);
    if (!claims) throw new TokenInvalidError('claims');
    const { issuer, audience, accessTokenTtlSeconds } = this.config.tokens;
    if (claims.iss !== issuer || claims.aud !== audience || claims.client_id !== CLIENT_ID) {
      throw new TokenInvalidError('issuer, audience or client');
    }
    const now = epochSeconds(this.clock.now());
    const { fromSeconds, untilSeconds } = lifeOf(claims);
    if (now < fromSeconds) throw new TokenInvalidError('future');
    if (claims.exp <= claims.iat || claims.exp - claims.iat > accessTokenTtlSeconds)
      throw new TokenInvalidError('life');
    if (now >= untilSeconds) throw new TokenExpiredError();
    return claims;
  }
}
