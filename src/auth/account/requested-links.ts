import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Outbox } from '../../mail/outbox.js';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock } from '../../shared/clock.js';
import type { EmailAddress } from '../../users/email-address.js';

/**
 * Links that anybody may have mailed to an address. Whether it has an account is asked when the mail is sent: here the same
 * is done for all.
 */
@Injectable()
export class RequestedLinks {
  constructor(
    private readonly outbox: Outbox,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  async request(purpose: 'verify_email' | 'password_reset', to: EmailAddress, { ip }: ClientContext): Promise<void> {
    await this.outbox.add(this.dataSource, { purpose, to, details: { at: this.clock.now().toISOString(), ip } });
  }
}
