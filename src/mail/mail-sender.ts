import { types } from 'node:util';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from '../observability/metrics.js';
import { inJob } from '../observability/spans.js';
import { oneAtATime } from '../observability/one-at-a-time.js';
import { Clock } from '../shared/clock.js';
import { isLinkPurpose } from '../shared/link-lives.js';
import { within } from '../shared/within.js';
import { Mailer, UndeliverableError } from './mailer.js';
import type { ComposedMail } from './mailer.js';
import { MOST_COUNTED, Outbox } from './outbox.js';
import type { OwedMail } from './outbox.js';

const POLL_MS = 2_000;
const AT_ONCE = 3;
/** For all of one try; shorter than the lease, so that no two instances send the same mail. */
const TRY_WITHIN_MS = 75_000;
const LAST_WAIT_MS = 5_000;

/** What a job is made into when it is sent; undefined where there is nobody to tell any more. */
export type PrepareMail = (job: OwedMail) => Promise<ComposedMail | undefined>;

type Outcome = 'sent' | 'needless' | 'failed' | 'refused' | 'given_up';

/**
 * Sends the mail that is owed, behind the answers and apart from them: at once what this instance owes, and by polling
 * what another one owed when it died. A mail is forgotten once it is sent: a crash in between sends it twice.
 */
@Injectable()
export class MailSender implements OnApplicationShutdown {
  private readonly logger = new Logger(MailSender.name);
  private readonly underWay = new Set<Promise<void>>();
  private prepare: PrepareMail | undefined;
  private taking: Promise<void> | undefined;
  private takeAgain = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private outboxIsAway = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly mailer: Mailer,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** Begins to send, and looks every 2 s for more. Called once, by whoever knows what the mails are made of. */
  start(prepare: PrepareMail): void {
    this.prepare = prepare;
    this.measure();
    this.outbox.follow(() => void this.take());
    this.schedule();
  }

  /** Resolves when everything that is owed and due has been tried. */
  async drain(): Promise<void> {
    await this.take();
    await Promise.all(this.underWay);
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.race([this.drain(), elapsed(LAST_WAIT_MS)]);
    if (this.underWay.size > 0)
      this.logger.warn(`${this.underWay.size} mails were under way at the shutdown: they stay owed.`);
    await this.mailer.close();
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.take().then(() => {
        this.schedule();
      });
    }, POLL_MS).unref();
  }

  private measure(): void {
    const read = oneAtATime(() => this.outbox.owed());
    const owed = `Mails that are owed, by all instances; ${MOST_COUNTED} where there are more.`;
    this.metrics.measure('gatehouse_mail_owed', owed, async () => (await read()).count);
    this.metrics.measure(
      'gatehouse_mail_oldest_seconds',
      'How long the oldest mail has been owed; 0 where none is.',
      async () => {
        const { oldest } = await read();
        return oldest === null ? 0 : Math.max(0, this.clock.now().getTime() - oldest.getTime()) / 1000;
      },
    );
  }

  /** Takes what is due until nothing is; who asks meanwhile makes it look once more. Never fails. */
  private take(): Promise<void> {
    this.takeAgain = true;
    this.taking ??= this.takeAll().finally(() => (this.taking = undefined));
    return this.taking;
  }

  private async takeAll(): Promise<void> {
    while (this.takeAgain) {
      this.takeAgain = false;
      while (await this.takeSome());
    }
  }

  /** @returns whether there may be more */
  private async takeSome(): Promise<boolean> {
    const { prepare } = this;
    if (this.stopped || prepare === undefined) return false;
    if (this.underWay.size >= AT_ONCE) {
      await Promise.race(this.underWay);
      return true;
    }
    const jobs = await this.claim(AT_ONCE - this.underWay.size);
    for (const job of jobs) {
      const attempt = this.attempt(job, prepare).finally(() => this.underWay.delete(attempt));
      this.underWay.add(attempt);
    }
    return jobs.length > 0;
  }

  private async claim(limit: number): Promise<OwedMail[]> {
    try {
      const jobs = await this.outbox.claim(limit, this.clock.now());
      if (this.outboxIsAway) this.logger.log('Mail that is owed can be read again.');
      this.outboxIsAway = false;
      return jobs;
    } catch (error) {
      // Once, and not at every look: it is repeated until it works.
      if (!this.outboxIsAway && !this.stopped) this.logger.warn(`Mail that is owed cannot be read: ${causeOf(error)}`);
      this.outboxIsAway = true;
      return [];
    }
  }

  /** Where the outcome cannot be written down, the lease ends, and the mail is tried again. Never fails. */
  private async attempt(job: OwedMail, prepare: PrepareMail): Promise<void> {
    try {
      const outcome = await inJob('mail', async () => this.settle(job, await this.send(job, prepare)));
      this.metrics.mails.inc({ outcome });
    } catch (error) {
      if (!this.stopped) this.logger.warn(`${nameOf(job)} was tried, but that could not be kept: ${causeOf(error)}`);
    }
  }

  private async send(job: OwedMail, prepare: PrepareMail): Promise<Outcome> {
    try {
      return await within(TRY_WITHIN_MS, this.deliver(job, prepare));
    } catch (error) {
      const refused = error instanceof UndeliverableError;
      const line = `${nameOf(job)} was not sent at try ${job.attempts}: ${causeOf(error)}`;
      if (refused) this.logger.error(`${line}. It is not tried again.`);
      else this.logger.warn(line);
      return refused ? 'refused' : 'failed';
    }
  }

  private async deliver(job: OwedMail, prepare: PrepareMail): Promise<'sent' | 'needless'> {
    const mail = await prepare(job);
    if (mail === undefined) return 'needless';
    await this.mailer.send({ ...mail, id: mailId(job) });
    return 'sent';
  }

  private async settle(job: OwedMail, outcome: Outcome): Promise<Outcome> {
    if (outcome !== 'failed') {
      await this.outbox.done(job.id);
      return outcome;
    }
    if ((await this.outbox.failed(job, this.clock.now())) === 'put_off') return outcome;
    this.logger.error(`${nameOf(job)} is given up after ${job.attempts} tries.`);
    return 'given_up';
  }
}

/** Another try at a link brings another link, which ends the one before: a mailbox that drops repeats must not drop it. */
const mailId = ({ id, purpose, attempts }: OwedMail): string =>
  isLinkPurpose(purpose) && attempts > 1 ? `${id}.${attempts}` : id;

const nameOf = ({ id, purpose }: OwedMail): string => `Mail ${id} (${purpose})`;

/** A server's reply may quote the address; its code does not. */
function causeOf(error: unknown): string {
  if (!types.isNativeError(error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  const reply = 'responseCode' in error && typeof error.responseCode === 'number' ? ` ${error.responseCode}` : '';
  return `${error.name}${code}${reply}`;
}

/** Does not keep the process alive by itself. */
const elapsed = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
