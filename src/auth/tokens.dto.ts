import { ApiProperty } from '@nestjs/swagger';
import { ACCESS_TOKEN, SECONDS, REFRESH_TOKEN, ID, DEVICE_TOKEN, USER_ID, ROLES } from '../shared/json-formats.js';
import type { IssuedTokens, RefreshTokenIn } from './token-issuer.js';

/** What a sign-in or a refresh answers with (RFC 6749 §5.1, in this API's spelling). */
export class TokensResponse {
  /** @example "Bearer" */
  tokenType!: 'Bearer';

  /** A signed JWT (RFC 9068), to be sent as `Authorization: Bearer …`. */
  @ApiProperty(ACCESS_TOKEN)
  accessToken!: string;

  /** Seconds until the access token expires. */
  @ApiProperty(SECONDS)
  expiresIn!: number;

  /** Opaque, to be used once: each refresh answers with the next one. Absent where it is in the cookie. */
  @ApiProperty(REFRESH_TOKEN)
  refreshToken?: string;

  /** Seconds until the session ends, unless it is refreshed before. */
  @ApiProperty({ ...SECONDS, example: 604_800 })
  refreshExpiresIn!: number;

  @ApiProperty(ID)
  sessionId!: string;

  /**
   * Of a sign-in only: to be kept, and sent along with the next sign-in of this account from this device. Absent where it
   * is in the cookie.
   */
  @ApiProperty(DEVICE_TOKEN)
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
  @ApiProperty(USER_ID)
  id!: string;

  @ApiProperty(ROLES)
  roles!: string[];
}

export class ProtectedResponse {
  /** @example "Access granted" */
  @ApiProperty({ enum: ['Access granted'] })
  message!: string;

  user!: GuardedUser;
}
