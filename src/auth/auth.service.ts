import { Injectable } from '@nestjs/common';
import { Metrics } from '../observability/metrics.js';
import type { ClientContext } from '../shared/client-context.js';
import { Clock, secondsUntil } from '../shared/clock.js';
import { AccessTokenService } from '../tokens/access/access-token.service.js';
import type { TokenSubject } from '../tokens/access/access-token.service.js';
import { decodeRefreshToken } from '../tokens/sessions/refresh-token.js';
import { SessionRefresh } from '../tokens/sessions/session-refresh.js';
import type { GrantedRefresh, RefreshOutcome, RefreshRequestData } from '../tokens/sessions/session-refresh.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import {
  RefreshExpiredError,
  RefreshInvalidError,
  RefreshReusedError,
  RefreshSupersededError,
  SessionRevokedError,
} from '../tokens/tokens.errors.js';
import { PasswordSignIn } from './password-sign-in.js';
import type { CheckedPassword } from './password-sign-in.js';

/** The pair that a sign-in or a refresh hands over; lifetimes in seconds from now. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
  readonly refreshExpiresInSeconds: number;
  readonly sessionId: string;
}

interface GrantedSession {
  readonly subject: TokenSubject;
  readonly refreshToken: string;
  readonly expiresAt: Date;
}

export interface RefreshResult {
  readonly tokens: IssuedTokens;
  /** Whether this repeats an answer that was given before. */
  readonly repeated: boolean;
}

/** The ways in, on and out: sign-in, refresh, sign-out. */
@Injectable()
export class AuthService {
  constructor(
    private readonly passwords: PasswordSignIn,
    private readonly accessTokens: AccessTokenService,
    private readonly sessions: SessionsService,
    private readonly sessionRefresh: SessionRefresh,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** Opens a session for a password that was checked, and signs its first tokens after that has committed. */
  async signIn(checked: CheckedPassword, deviceName: string | undefined, client: ClientContext): Promise<IssuedTokens> {
    const now = this.clock.now();
    return this.tokensFor(await this.passwords.openSession(checked, deviceName, client, now), now);
  }

  /** @throws RefreshInvalidError, RefreshExpiredError, RefreshReusedError, RefreshSupersededError, SessionRevokedError */
  async refresh(request: RefreshRequestData): Promise<RefreshResult> {
    const result = await this.sessionRefresh.refresh(request);
    this.metrics.refreshes.inc({ outcome: result.outcome });
    const granted = grantedOrThrow(result);
    return { tokens: this.tokensFor(granted, this.clock.now()), repeated: granted.outcome === 'repeated' };
  }

  /** Ends the session that a refresh token of any generation names; one that has ended already is no error. */
  async signOutByRefreshToken(refreshToken: string): Promise<void> {
    const presented = decodeRefreshToken(refreshToken);
    const session = presented && (await this.sessionRefresh.readAuthentic(presented));
    if (!session) throw new RefreshInvalidError();
    await this.sessions.revoke(session.id, 'logout');
  }

  /**
   * Ends the session of an access token, also where it was revoked or has gone stale: both are signed out by it.
   * @throws TokenInvalidError, TokenExpiredError
   */
  async signOutByAccessToken(accessToken: string): Promise<void> {
    const { sessionId } = await this.accessTokens.authenticate(accessToken);
    await this.sessions.revoke(sessionId, 'logout');
  }

  private tokensFor({ subject, refreshToken, expiresAt }: GrantedSession, now: Date): IssuedTokens {
    const { accessToken, expiresInSeconds } = this.accessTokens.issue(subject, now);
    const refreshExpiresInSeconds = secondsUntil(expiresAt, now);
    return { accessToken, expiresInSeconds, refreshToken, refreshExpiresInSeconds, sessionId: subject.sessionId };
  }
}

function grantedOrThrow(result: RefreshOutcome): GrantedRefresh {
  switch (result.outcome) {
    case 'rotated':
    case 'repeated':
    case 'resumed':
      return result;
    case 'superseded':
      throw new RefreshSupersededError();
    case 'reused':
      throw new RefreshReusedError();
    case 'expired':
      throw new RefreshExpiredError();
    case 'revoked':
      throw new SessionRevokedError();
    case 'invalid':
      throw new RefreshInvalidError();
  }
}
