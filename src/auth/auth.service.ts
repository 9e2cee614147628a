import { Injectable } from '@nestjs/common';
import { Metrics } from '../observability/metrics.js';
import { AppError } from '../shared/app-error.js';
import type { ClientContext } from '../shared/client-context.js';
import { Clock } from '../shared/clock.js';
import type { SessionId } from '../shared/ids.js';
import { AccessTokenVerifier } from '../tokens/access/access-token-verifier.js';
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
import { TokenIssuer } from './token-issuer.js';
import type { IssuedTokens } from './token-issuer.js';

export interface RefreshResult {
  readonly tokens: IssuedTokens;
  /** Whether this repeats an answer that was given before. */
  readonly repeated: boolean;
}

/** The ways on and out: refresh and sign-out. */
@Injectable()
export class AuthService {
  constructor(
    private readonly tokens: TokenIssuer,
    private readonly accessTokens: AccessTokenVerifier,
    private readonly sessions: SessionsService,
    private readonly sessionRefresh: SessionRefresh,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** @throws RefreshInvalidError, RefreshExpiredError, RefreshReusedError, RefreshSupersededError, SessionRevokedError */
  async refresh(request: RefreshRequestData): Promise<RefreshResult> {
    const result = await this.sessionRefresh.refresh(request);
    this.metrics.refreshes.inc({ outcome: result.outcome });
    const granted = grantedOrThrow(result);
    return { tokens: this.tokens.issue(granted, this.clock.now()), repeated: granted.outcome === 'repeated' };
  }

  /**
   * Signs out by an access token, a refresh token or both: whatever proves a session ends it, so that a client which sends
   * one that has run out along with one that has not is signed out all the same.
   * @returns the sessions that have ended
   * @throws what is wrong with the refresh token or, without one, with the access token, where neither proves anything
   */
  async signOut(
    refreshToken: string | undefined,
    accessToken: () => string,
    client: ClientContext,
  ): Promise<readonly SessionId[]> {
    const byAccessToken = async (): Promise<SessionId> => this.signOutByAccessToken(accessToken(), client);
    if (refreshToken === undefined) return [await byAccessToken()];
    const outcomes = await Promise.allSettled([byAccessToken(), this.signOutByRefreshToken(refreshToken, client)]);
    const [ended, refused] = outcomes;
    if (refused.status === 'rejected' && !(refused.reason instanceof RefreshInvalidError))
      throw refused.reason as Error;
    if (ended.status === 'rejected' && !(ended.reason instanceof AppError)) throw ended.reason as Error;
    if (refused.status === 'rejected' && ended.status === 'rejected') throw refused.reason as Error;
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  }

  /** Of any generation: whoever holds it was signed in once. */
  private async signOutByRefreshToken(refreshToken: string, client: ClientContext): Promise<SessionId> {
    const presented = decodeRefreshToken(refreshToken);
    const session = presented && (await this.sessionRefresh.readAuthentic(presented));
    if (!session) throw new RefreshInvalidError();
    await this.sessions.revoke(session.id, 'logout', { client });
    return session.id;
  }

  /** Also where it was revoked or has gone stale: both are signed out by it. */
  private async signOutByAccessToken(accessToken: string, client: ClientContext): Promise<SessionId> {
    const actor = await this.accessTokens.authenticate(accessToken);
    await this.sessions.revoke(actor.sessionId, 'logout', { actor, client });
    return actor.sessionId;
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
