import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AppConfig } from '../../config/app-config.js';
import { addSeconds, earlierOf, epochSeconds } from '../../shared/clock.js';
import { newId } from '../../shared/ids.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { CLIENT_ID } from './access-token-profile.js';
import { ACCESS_TOKEN_TYPE } from './compact-jws.js';
import type { AccessTokenClaims } from './compact-jws.js';

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

/** Issues access tokens as the contract, §2, profiles them (RFC 9068). */
@Injectable()
export class AccessTokenIssuer {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: SigningKeys,
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
}
