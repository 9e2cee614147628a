import type { AuditEvent, AuditEventType } from '../../audit/audit-log.js';
import type { ClientContext } from '../../shared/client-context.js';
import type { RefreshRow } from './refresh-row.js';

interface Presentation {
  readonly presented: { readonly generation: number };
  readonly client: ClientContext;
}

/** Which generation came, from where, and where the session was used rightfully last. */
export function refreshEvent(
  type: AuditEventType,
  outcome: AuditEvent['outcome'],
  session: RefreshRow,
  { presented, client }: Presentation,
  at: Date,
): AuditEvent {
  const { id: sessionId, userId, generation, lastUsedAt, lastIp, lastUserAgent } = session;
  const details = {
    presentedGeneration: presented.generation,
    currentGeneration: generation,
    lastUsedAt: lastUsedAt.toISOString(),
    lastUsedIp: lastIp,
    lastUsedUserAgent: lastUserAgent,
  };
  return { type, at, userId, sessionId, ip: client.ip, userAgent: client.userAgent, outcome, details };
}
