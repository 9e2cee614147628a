import type { IssuedTokens, RefreshTokenIn } from './token-issuer.js';

/** What a sign-in or a refresh answers with (RFC 6749 §5.1, in this API's spelling). */
export class TokensResponse {
  /** @example "Bearer" */
  tokenType!: 'Bearer';

  /** A signed JWT (RFC 9068), to be sent as `Authorization: Bearer …`. */
  accessToken!: string;

  /**
   * Seconds until the access token expires.
   * @example 900
   */
  expiresIn!: number;

  /** Opaque, to be used once: each refresh answers with the next one. Absent where it is in the cookie. */
  refreshToken?: string;

  /**
   * Seconds until the session ends, unless it is refreshed before.
   * @example 604800
   */
  refreshExpiresIn!: number;

  /** @example "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90" */
  sessionId!: string;

  /**
   * Of a sign-in only: to be kept, and sent along with the next sign-in of this account from this device. Absent where it
   * is in the cookie.
   */
  deviceToken?: string;

  static from(tokens: IssuedTokens, refreshTokenIn: RefreshTokenIn): TokensResponse {
    const { refreshToken, deviceToken } = tokens;
    const inBody = refreshTokenIn === 'body';
    return {
      tokenType: 'Bearer',
      accessToken: tokens.accessToken,
      expiresIn: tokens.expiresInSeconds,
      ...(inBody && { refreshToken }),
      refreshExpiresIn: tokens.refreshExpiresInSeconds,
      sessionId: tokens.sessionId,
      ...(inBody && deviceToken !== undefined && { deviceToken }),
    };
  }
}

class GuardedUser {
  /** @example "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2" */
  id!: string;

  /** @example ["admin"] */
  roles!: string[];
}

export class ProtectedResponse {
  /** @example "Access granted" */
  message!: string;

  user!: GuardedUser;
}
