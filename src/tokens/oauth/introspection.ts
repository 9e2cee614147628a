import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { Principal } from '../../security/principal.js';
import { Clock, epochSeconds, secondsUntil } from '../../shared/clock.js';
import { AppError } from '../../shared/app-error.js';
import { AccessTokenService, CLIENT_ID } from '../access/access-token.service.js';
import { Revocations } from '../revocation/revocations.js';
import { decodeRefreshToken, isRefreshToken } from '../sessions/refresh-token.js';
import { SessionRefresh } from '../sessions/session-refresh.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { RevocationUnknownError } from '../tokens.errors.js';

/** What is told of a token (RFC 7662 §2.2); of one that is not good, that alone. */
export type IntrospectedToken =
  { readonly active: false } | (Readonly<Record<string, unknown>> & { readonly active: true });

const INACTIVE = { active: false } as const;

/** Tells other services about tokens, and revokes them when asked. */
@Injectable()
export class Introspection {
  constructor(
    private readonly accessTokens: AccessTokenService,
    private readonly sessionRefresh: SessionRefresh,
    private readonly sessions: SessionsService,
    private readonly revocations: Revocations,
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

  /**
   * Revokes an access token alone, or with a refresh token its whole session (RFC 7009 §2.1). Whatever else the text is:
   * there is nothing to do, and nothing is told.
   */
  async revoke(token: string): Promise<void> {
    if (isRefreshToken(token)) {
      const presented = decodeRefreshToken(token);
      const session = presented && (await this.sessionRefresh.readAuthentic(presented));
      if (session) await this.sessions.revoke(session.id, 'logout');
      return;
    }
    const principal = await this.tryVerify(token);
    if (!principal) return;
    const now = this.clock.now();
    await this.revocations.transaction((tx) =>
      this.revocations.append(tx, [{ kind: 'token', subject: principal.tokenId }], now),
    );
  }

  private async introspectAccessToken(token: string): Promise<IntrospectedToken> {
    const principal = await this.tryVerify(token);
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

  private async tryVerify(token: string): Promise<Principal | undefined> {
    try {
      return await this.accessTokens.verify(token);
    } catch (error) {
      if (error instanceof AppError && !(error instanceof RevocationUnknownError)) return undefined;
      throw error;
    }
  }
}
