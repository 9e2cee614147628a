import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import type { Executor } from '../../database/sql.js';
import type { BulkRequest, BulkResult } from './bulk-request.js';
import { describeFilter } from './session-filter.js';
import type { SessionFilter } from './session-filter.js';

export interface BulkCall {
  readonly filter: SessionFilter | 'all';
  readonly result: BulkResult;
  readonly request: BulkRequest;
}

/** The record of calls that ended sessions in numbers: one event each, with what was asked for. */
@Injectable()
export class BulkEvents {
  constructor(private readonly audit: AuditLog) {}

  /** @param tx the transaction that ended them; nothing is told where there were none */
  async revoked(tx: Executor, { filter, result, request }: BulkCall, at: Date): Promise<void> {
    if (result.revoked === 0) return;
    const { by, reason } = request;
    const asked = filter === 'all' ? { all: true } : describeFilter(filter);
    await this.audit.append(
      {
        type: 'sessions_revoked',
        at,
        actorId: by.actor.userId,
        userId: filter === 'all' ? undefined : filter.userId,
        sessionId: by.actor.sessionId,
        client: by.client,
        outcome: 'success',
        details: { reason, ...result, ...asked },
      },
      tx,
    );
  }
}
