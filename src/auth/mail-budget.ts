import { Injectable } from '@nestjs/common';
import type { MailPurpose } from '../mail/mail-job.js';
import { Clock } from '../shared/clock.js';
import { GuessCounters } from './guesses/guess-counters.js';

const POLICY = { quota: 3, windowSeconds: 60 * 60 } as const;

/** What mails of a purpose are counted for: an address, or an account that has them sent. */
export interface MailSubject {
  readonly purpose: MailPurpose;
  readonly of: readonly string[];
}

/** At most three mails an hour for each address and purpose, so that nobody's mailbox can be flooded from here. */
@Injectable()
export class MailBudget {
  constructor(
    private readonly counters: GuessCounters,
    private readonly clock: Clock,
  ) {}

  /** @returns whether one more may be sent by all of these; it is counted then */
  async take(subjects: readonly MailSubject[]): Promise<boolean> {
    const counted = subjects.map(({ purpose, of }) => ({ subject: ['mail', purpose, ...of], policy: POLICY }));
    return (await this.counters.reserve(counted, this.clock.now())).granted;
  }
}
