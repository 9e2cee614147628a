import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { Clock, epochSeconds, secondsUntil } from '../../shared/clock.js';
import { CLIENT_ID } from '../access/access-token-profile.js';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { decodeRefreshToken, isRefreshToken } from '../sessions/refresh-token.js';
import { SessionRefresh } from '../sessions/session-refresh.js';

/** What is told of a token (RFC 7662 §2.2); of one that is not good, that alone. */
export type IntrospectedToken =
  { readonly active: false } | (Readonly<Record<string, unknown>> & { readonly active: true });

const INACTIVE = { active: false } as const;

/** Tells other services about tokens. */
@Injectable()
export class Introspection {
  constructor(
    private readonly accessTokens: AccessTokenVerifier,
    private readonly sessionRefresh: SessionRefresh,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /**
   * Says whether a token is good right now, as this service itself would decide. Looking changes nothing: a spent refresh
   * token is merely inactive.
   * @throws RevocationUnknownError where that cannot be told
   */
  async introspect(token: string): Promise<IntrospectedToken> {
    return isRefreshToken(token) ? this.introspectRefreshToken(token) : this.introspectAccessToken(token);
  }

  private async introspectAccessToken(token: string): Promise<IntrospectedToken> {
    const principal = await this.accessTokens.tryVerify(token);
    if (!principal) return INACTIVE;
    const { issuer, audience } = this.config.tokens;
    return {
      active: true,
      token_type: 'Bearer',
      iss: issuer,
      aud: audience,
      sub: principal.userId,
      client_id: CLIENT_ID,
      jti: principal.tokenId,
      sid: principal.sessionId,
      iat: epochSeconds(principal.issuedAt),
      exp: epochSeconds(principal.expiresAt),
      auth_time: epochSeconds(principal.authenticatedAt),
      amr: principal.amr,
      roles: principal.roles,
    };
  }

  private async introspectRefreshToken(token: string): Promise<IntrospectedToken> {
    const presented = decodeRefreshToken(token);
    const session = presented && (await this.sessionRefresh.readCurrent(presented));
    if (!session) return INACTIVE;
    const now = this.clock.now();
    return {
      active: true,
      iss: this.config.tokens.issuer,
      sub: session.subject.userId,
      client_id: CLIENT_ID,
      sid: session.subject.sessionId,
      exp: epochSeconds(now) + secondsUntil(session.expiresAt, now),
    };
  }
}
