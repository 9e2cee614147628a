import type { AccessTokenClaims } from './compact-jws.js';

/** Who calls, as a valid access token says. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  /** The token's `jti`. */
  readonly tokenId: string;
  /** The `kid` of the key that signed it. */
  readonly keyId: string;
  readonly roles: readonly string[];
  /** The user's security version when the token was issued. */
  readonly ver: number;
  /** The deployment's era when the token was issued. */
  readonly era: number;
  /** How the user signed in (RFC 8176). */
  readonly amr: readonly string[];
  readonly authenticatedAt: Date;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** Frozen, as many requests may share it. */
export function asPrincipal(claims: AccessTokenClaims, keyId: string): Principal {
  return Object.freeze({
    userId: claims.sub,
    sessionId: claims.sid,
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
