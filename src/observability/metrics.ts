import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What this instance counts and measures, in Prometheus' terms. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly refreshes = new Counter({
    name: 'gatehouse_refreshes_total',
    help: 'Refreshes by what they came to: rotated, repeated, reused and so on.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  readonly revocationPropagation = new Histogram({
    name: 'gatehouse_revocation_propagation_seconds',
    help: 'From appending a revocation to the feed to applying it on this instance.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });

  readonly mails = new Counter({
    name: 'gatehouse_mail_attempts_total',
    help: 'Tries at mail that was owed, by what they came to: sent, needless, failed, refused or given_up.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  /** Has something measured at each scrape; what cannot be read then is NaN, and the rest of the scrape goes on. */
  measure(name: string, help: string, read: () => Promise<number>): void {
    const collect = async function (this: Gauge): Promise<void> {
      this.set(await read().catch(() => NaN));
    };
    new Gauge({ name, help, registers: [this.registry], collect });
  }
}
