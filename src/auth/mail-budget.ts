import { Injectable } from '@nestjs/common';
import type { Mail } from '../mail/mailer.js';
import { Clock } from '../shared/clock.js';
import type { EmailAddress } from '../users/email-address.js';
import { WindowCounters } from './window-counters.js';

const POLICY = { quota: 3, windowSeconds: 60 * 60 } as const;

/** At most three mails an hour for each address and purpose, so that nobody's mailbox can be flooded from here. */
@Injectable()
export class MailBudget {
  constructor(
    private readonly counters: WindowCounters,
    private readonly clock: Clock,
  ) {}

  /** @returns whether one more may be sent; it is counted then */
  async take(address: EmailAddress, purpose: Mail['purpose']): Promise<boolean> {
    return (await this.counters.reserve(['mail', purpose, address], POLICY, this.clock.now())).granted;
  }
}
