import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { EventRow } from '../audit/event-mac.js';
import { AuditTrail } from '../audit/trail/audit-trail.js';
import type { EventFilter } from '../audit/trail/audit-trail.js';
import type { Principal } from '../security/principal.js';
import type { ClientContext } from '../shared/client-context.js';
import { Clock, earlierOf } from '../shared/clock.js';

/** Hands out the event log, and writes down that it did. */
@Injectable()
export class EventExport {
  constructor(
    private readonly trail: AuditTrail,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Events up to now: one that goes on growing has an end all the same. */
  async begin(filter: EventFilter, admin: Principal, client: ClientContext): Promise<AsyncGenerator<EventRow>> {
    const now = this.clock.now();
    const { userId, type, from, to } = filter;
    const details = {
      ofUser: userId ?? null,
      ofType: type ?? null,
      from: from?.toISOString() ?? null,
      to: to?.toISOString() ?? null,
    };
    const who = { userId: admin.userId, sessionId: admin.sessionId, client };
    await this.audit.append({ type: 'audit_exported', at: now, ...who, outcome: 'success', details });
    return this.trail.all({ ...filter, to: to ? earlierOf(to, now) : now });
  }
}
