import { epochSeconds } from '../clock.js';
import type { Clock } from '../clock.js';
import { TokenExpiredError, TokenInvalidError } from '../errors.js';
import { parseClaims } from './compact-jws.js';
import type { AccessTokenClaims } from './compact-jws.js';

const CLIENT_ID = 'gatehouse';
/** How far this machine's clock may be behind the issuer's. */
const SKEW_SECONDS = 5;

/** What the claims have to say. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  readonly maxTokenLifeSeconds: number;
}

/** When a token is good by its own claims, in seconds since 1970: from the first, up to but not at the second. */
export interface TokenLife {
  readonly fromSeconds: number;
  readonly untilSeconds: number;
}

export const lifeOf = ({ iat, nbf = 0, exp }: AccessTokenClaims): TokenLife => ({
  fromSeconds: Math.max(iat, nbf) - SKEW_SECONDS,
  untilSeconds: exp,
});

/**
 * Reads the claims of a token whose signature holds.
 * @throws TokenInvalidError, TokenExpiredError
 */
export function readClaims(token: string, expected: Expected, clock: Clock): AccessTokenClaims {
  const claims = parseClaims(token);
  if (!claims) throw new TokenInvalidError('claims');
  if (claims.iss !== expected.issuer) throw new TokenInvalidError('issuer');
  if (claims.aud !== expected.audience) throw new TokenInvalidError('audience');
  if (claims.client_id !== CLIENT_ID) throw new TokenInvalidError('client');
  const lifeSeconds = claims.exp - claims.iat;
  if (lifeSeconds <= 0 || lifeSeconds > expected.maxTokenLifeSeconds) throw new TokenInvalidError('life');
  const now = epochSeconds(clock);
  const { fromSeconds, untilSeconds } = lifeOf(claims);
  if (now < fromSeconds) throw new TokenInvalidError('future');
  if (now >= untilSeconds) throw new TokenExpiredError();
  return claims;
}
