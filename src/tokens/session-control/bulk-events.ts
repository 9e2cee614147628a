import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import type { AuditEvent } from '../../audit/audit-event.js';
import type { Executor } from '../../database/sql.js';
import type { UserId } from '../../shared/ids.js';
import type { BulkRequest, BulkResult } from './bulk-request.js';
import { describeFilter } from './session-filter.js';
import type { SessionFilter } from './session-filter.js';

export interface BulkCall {
  /** Where their rows were ended with the call. */
  readonly ended?: readonly EndedOfUser[];
  readonly filter: SessionFilter | 'all';
  readonly result: BulkResult;
  readonly request: BulkRequest;
}

/** What a bulk call ended of one user's. */
export interface EndedOfUser {
  readonly userId: UserId;
  readonly sessions: number;
}

/**
 * The record of calls that ended sessions in numbers: one event each, with what was asked for, and one for each user whose
 * sessions were among them, who finds it in their own history.
 */
@Injectable()
export class BulkEvents {
  constructor(private readonly audit: AuditLog) {}

  /** @param tx the transaction that ended them; nothing is told where there were none */
  async revoked(tx: Executor, { filter, result, request, ended = [] }: BulkCall, at: Date): Promise<void> {
    if (result.revoked === 0) return;
    const { by, reason } = request;
    const asked = filter === 'all' ? { all: true } : describeFilter(filter);
    const who = { actorId: by.actor.userId, client: by.client, outcome: 'success' } as const;
    const userId = filter === 'all' ? undefined : filter.userId;
    const details = { reason, ...result, ...asked };
    const call = { type: 'sessions_revoked', at, ...who, userId, sessionId: by.actor.sessionId, details } as const;
    const each = ended.map((of) => eventOf(of, { at, ...who }, reason));
    await this.audit.appendAll([call, ...each], tx);
  }
}

const eventOf = (
  { userId, sessions }: EndedOfUser,
  { at, ...who }: Pick<AuditEvent, 'at' | 'actorId' | 'client' | 'outcome'>,
  reason: string,
): AuditEvent => ({ type: 'session_revoked', at, ...who, userId, details: { reason, sessions } });
