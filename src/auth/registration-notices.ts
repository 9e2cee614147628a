import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Executor } from '../database/sql.js';
import { Outbox } from '../mail/outbox.js';
import type { ClientContext } from '../shared/client-context.js';
import type { EmailAddress } from '../users/email-address.js';
import type { RegistrationResult } from '../users/users.service.js';

/** Records registrations and owes the mail that follows: one of each, whatever the address was, so that all take the same. */
@Injectable()
export class RegistrationNotices {
  constructor(
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
  ) {}

  /** @param tx the transaction of the registration */
  async tell(
    tx: Executor,
    { outcome, userId }: RegistrationResult,
    { email, client, now }: { readonly email: EmailAddress; readonly client: ClientContext; readonly now: Date },
  ): Promise<void> {
    const event = {
      type: 'user_created',
      at: now,
      userId,
      client,
      details: { by: 'registration', found: outcome },
    } as const;
    await this.audit.append({ ...event, outcome: outcome === 'taken' ? 'failure' : 'success' }, tx);
    const mail =
      outcome === 'taken'
        ? ({ purpose: 'registration_attempt', to: email } as const)
        : ({ purpose: 'verify_email', userId } as const);
    const again = outcome === 'replaced' || undefined;
    await this.outbox.add(tx, { ...mail, details: { at: now.toISOString(), ip: client.ip, again } });
  }
}
