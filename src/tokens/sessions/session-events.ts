import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import type { Executor } from '../../database/sql.js';
import type { Principal } from '../../security/principal.js';
import type { ClientContext } from '../../shared/client-context.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { RevocationReason } from './revocation-reason.js';

/** Who ends sessions, and from where. */
export interface Ender {
  /** Undefined where a refresh token alone was shown. */
  readonly actor?: Principal | undefined;
  readonly client: ClientContext;
}

/** What was ended: one session, or several of a user. */
export interface EndedSessions {
  readonly userId: UserId;
  readonly reason: RevocationReason;
  readonly ids: readonly SessionId[];
}

/** The record of sessions that somebody ended. Where something else ended them, its own event tells. */
@Injectable()
export class SessionEvents {
  constructor(private readonly audit: AuditLog) {}

  /** @param tx the transaction that ended them; nothing is told where there were none */
  async ended(tx: Executor, { userId, reason, ids }: EndedSessions, { actor, client }: Ender, at: Date): Promise<void> {
    if (ids.length === 0) return;
    const isOwner = actor === undefined || actor.userId === userId;
    // Of several it is the one from which they were ended.
    const sessionId = ids.length === 1 ? ids[0] : isOwner ? actor?.sessionId : undefined;
    await this.audit.append(
      {
        type: reason === 'logout' || reason === 'logout_all' ? 'session_logout' : 'session_revoked',
        at,
        actorId: isOwner ? undefined : actor.userId,
        userId,
        sessionId,
        client,
        outcome: 'success',
        details: { reason, sessions: ids.length },
      },
      tx,
    );
  }

  /** One access token of a session that lives on. */
  async tokenRevoked(tx: Executor, token: Principal, client: ClientContext, at: Date): Promise<void> {
    const { userId, sessionId, tokenId } = token;
    const event = { type: 'authn_token_revoked', at, userId, sessionId, client, outcome: 'success' } as const;
    await this.audit.append({ ...event, details: { tokenId } }, tx);
  }

  /** A sign-in that took the place of the longest idle sessions. */
  async replaced(tx: Executor, { userId, reason, ids }: EndedSessions, client: ClientContext, at: Date): Promise<void> {
    if (ids.length === 0) return;
    const sessionId = ids.length === 1 ? ids[0] : undefined;
    const details = { reason, sessions: ids.length };
    const event = { type: 'excess_sessions_exceeded', outcome: 'success' } as const;
    await this.audit.append({ ...event, at, userId, sessionId, client, details }, tx);
  }
}
