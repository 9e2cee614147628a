import { Injectable } from '@nestjs/common';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock } from '../../shared/clock.js';
import { AccessTokenVerifier } from '../access/access-token-verifier.js';
import { Revocations } from '../revocation/revocations.js';
import { decodeRefreshToken, isRefreshToken } from '../sessions/refresh-token.js';
import { SessionEvents } from '../sessions/session-events.js';
import { SessionRefresh } from '../sessions/session-refresh.js';
import { SessionsService } from '../sessions/sessions.service.js';

/** Revokes tokens by themselves, for whoever holds them (RFC 7009). */
@Injectable()
export class TokenRevocation {
  constructor(
    private readonly accessTokens: AccessTokenVerifier,
    private readonly sessionRefresh: SessionRefresh,
    private readonly sessions: SessionsService,
    private readonly revocations: Revocations,
    private readonly events: SessionEvents,
    private readonly clock: Clock,
  ) {}

  /**
   * Revokes an access token alone, or with a refresh token its whole session (RFC 7009 §2.1). Whatever else the text is:
   * there is nothing to do, and nothing is told.
   */
  async revoke(token: string, client: ClientContext): Promise<void> {
    if (isRefreshToken(token)) {
      const presented = decodeRefreshToken(token);
      const session = presented && (await this.sessionRefresh.readAuthentic(presented));
      if (session) await this.sessions.revoke(session.id, 'logout', { client });
      return;
    }
    const principal = await this.accessTokens.tryVerify(token);
    if (!principal) return;
    const now = this.clock.now();
    await this.revocations.transaction(async (tx) => {
      await this.revocations.append(tx, [{ kind: 'token', subject: principal.tokenId }], now);
      await this.events.tokenRevoked(tx, principal, client, now);
    });
  }
}
