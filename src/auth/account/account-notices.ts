import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import type { AuditDetails, AuditEventType } from '../../audit/audit-event.js';
import type { Executor } from '../../database/sql.js';
import type { MailJob } from '../../mail/mail-job.js';
import { Outbox } from '../../mail/outbox.js';
import type { Principal } from '../../security/principal.js';
import type { ClientContext } from '../../shared/client-context.js';
import type { UserId } from '../../shared/ids.js';

/** Something that was done to an account: the event of it and, where somebody is to hear of it, the mail. */
export interface Notice {
  readonly event: AuditEventType;
  readonly userId: UserId;
  /** Who did it: the owner or an admin, from a session; nobody known where a mailed link was enough. */
  readonly by?: Principal | undefined;
  /** From where; nothing where the service did it by itself. */
  readonly client?: ClientContext | undefined;
  readonly details?: AuditDetails;
  /** To the owner, at the address that the account has then, unless `to` names one. */
  readonly mail?: Pick<MailJob, 'purpose' | 'to'> | undefined;
}

/** Records what was done to an account and owes the mail that tells of it, in the transaction of the change. */
@Injectable()
export class AccountNotices {
  constructor(
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
  ) {}

  async tell(tx: Executor, { event: type, userId, by, client, details = {}, mail }: Notice, now: Date): Promise<void> {
    const who = { actorId: by?.userId, userId, sessionId: by?.sessionId };
    await this.audit.append({ type, at: now, ...who, client, outcome: 'success', details }, tx);
    if (!mail) return;
    const isAdmin = by !== undefined && by.userId !== userId;
    const told = { at: now.toISOString(), ...(isAdmin ? { by: 'admin' as const } : { ip: client?.ip }) };
    await this.outbox.add(tx, { ...mail, userId, details: told });
  }
}
