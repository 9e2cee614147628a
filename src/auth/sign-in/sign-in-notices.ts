import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import type { Executor } from '../../database/sql.js';
import { Outbox } from '../../mail/outbox.js';
import type { ClientContext } from '../../shared/client-context.js';
import type { SessionId, UserId } from '../../shared/ids.js';

/** So many wrong ones before the right one are worth a mail. */
const MANY_FAILURES = 5;

/** A sign-in as its owner might not know it. */
export interface NotableSignIn {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly client: ClientContext;
  /** How the user was authenticated (RFC 8176). */
  readonly amr: readonly string[];
  readonly deviceIsKnown: boolean;
  /** How many wrong ones in a row came before. */
  readonly failures: number;
}

/** Records sign-ins, and tells owners of those that may not have been theirs. */
@Injectable()
export class SignInNotices {
  constructor(
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
  ) {}

  /** @param tx the transaction of the sign-in */
  async tell(
    tx: Executor,
    { userId, sessionId, client, amr, deviceIsKnown, failures }: NotableSignIn,
    now: Date,
  ): Promise<void> {
    const at = now.toISOString();
    const { ip } = client;
    const event = { userId, sessionId, at: now, client, outcome: 'success' } as const;
    const details = { amr: amr.join(' '), knownDevice: deviceIsKnown };
    await this.audit.append({ type: 'authn_login_success', ...event, details }, tx);
    if (failures >= MANY_FAILURES) {
      await this.audit.append({ type: 'authn_login_successafterfail', ...event, details: { failures } }, tx);
      await this.outbox.add(tx, { purpose: 'sign_in_after_failures', userId, details: { at, ip, failures } });
    } else if (!deviceIsKnown) {
      await this.outbox.add(tx, { purpose: 'new_sign_in', userId, details: { at, ip } });
    }
  }
}
