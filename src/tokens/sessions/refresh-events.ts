import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import type { AuditEvent } from '../../audit/audit-event.js';
import type { Executor } from '../../database/sql.js';
import { Outbox } from '../../mail/outbox.js';
import type { ClientContext } from '../../shared/client-context.js';
import type { RefreshRow } from './refresh-row.js';

/** What was presented, and from where. */
interface Presentation {
  readonly presented: { readonly generation: number };
  readonly client: ClientContext;
}

/** What of a refresh security wants to be known, and what its owner. */
@Injectable()
export class RefreshEvents {
  constructor(
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
  ) {}

  /** @param tx the transaction that goes on from a generation above the database's */
  async resumed(tx: Executor, session: RefreshRow, presentation: Presentation, at: Date): Promise<void> {
    const event = eventOf(session, presentation, at);
    await this.audit.append({ type: 'session_resumed', outcome: 'success', ...event }, tx);
  }

  async suspectRepeat(session: RefreshRow, presentation: Presentation, at: Date): Promise<void> {
    const event = eventOf(session, presentation, at);
    await this.audit.append({ type: 'authn_token_suspect_repeat', outcome: 'success', ...event });
  }

  /** @param tx the transaction that revokes the session for it. The owner is told by mail. */
  async reused(tx: Executor, session: RefreshRow, presentation: Presentation, at: Date): Promise<void> {
    const event = eventOf(session, presentation, at);
    await this.audit.append({ type: 'authn_token_reuse', outcome: 'failure', ...event }, tx);
    const details = { at: at.toISOString(), ip: presentation.client.ip };
    await this.outbox.add(tx, { purpose: 'refresh_reuse', userId: session.userId, details });
  }
}

/** Which generation came, from where, and where the session was used rightfully last. */
function eventOf(
  session: RefreshRow,
  { presented, client }: Presentation,
  at: Date,
): Omit<AuditEvent, 'type' | 'outcome'> {
  const { id: sessionId, userId, generation, lastUsedAt, lastIp, lastUserAgent } = session;
  const details = {
    presentedGeneration: presented.generation,
    currentGeneration: generation,
    lastUsedAt: lastUsedAt.toISOString(),
    lastUsedIp: lastIp,
    lastUsedUserAgent: lastUserAgent,
  };
  return { at, userId, sessionId, client, details };
}
