import { Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { within } from '../shared/within.js';
import { oneAtATime } from './one-at-a-time.js';
import { RequestTallies } from './request-tallies.js';

const REFRESHES = ['rotated', 'repeated', 'resumed', 'superseded', 'reused', 'expired', 'revoked', 'invalid'] as const;
const SIGN_INS = {
  password: [
    ...(['success', 'mfa_required', 'invalid_credentials', 'disabled', 'unverified'] as const),
    ...(['blocked', 'overloaded', 'error'] as const),
  ],
  second_factor: ['success', 'mfa_invalid', 'blocked', 'error'],
} as const;
/** What is noted as a refusal, among the events. */
const NOTED = ['authn_login_fail', 'authn_mfa_required', 'authz_fail', 'excess_rate_limit_exceeded'];
const MAILS = ['sent', 'needless', 'failed', 'refused', 'given_up'] as const;
/** How long a scrape waits for what has to be read, in milliseconds. */
const READ_WITHIN_MS = 1_000;

export type SignInStep = keyof typeof SIGN_INS;
export type SignInOutcome = (typeof SIGN_INS)[SignInStep][number];
type Readings = Readonly<Record<string, number>>;

/**
 * What this instance counts and measures, in Prometheus' terms. Labels take values of closed lists alone: nothing that a
 * caller sends, and no id of anybody. Known values are there from the start, at 0: a rate does not see the first of a
 * series that begins at 1.
 */
@Injectable()
export class Metrics {
  private readonly logger = new Logger(Metrics.name);
  private readonly unread = new Set<string>();
  readonly registry = new Registry();
  readonly requests = new RequestTallies(this.registry);

  readonly refreshes = this.counter(
    'gatehouse_refreshes_total',
    'Refreshes by what they came to: rotated, repeated, reused and so on.',
    'outcome',
    REFRESHES,
  );

  readonly signIns = new Counter({
    name: 'gatehouse_sign_ins_total',
    help: 'Steps of sign-ins by what they came to.',
    labelNames: ['step', 'outcome'],
    registers: [this.registry],
  });

  readonly rateLimited = this.counter(
    'gatehouse_rate_limited_total',
    'Requests refused for a limit, by its policy: of requests, or of wrong passwords and codes.',
    'policy',
  );

  readonly throttlerFallback = this.gauge(
    'gatehouse_throttler_fallback',
    '1 while Redis is configured and away, so that requests are counted by each instance on its own; otherwise 0.',
  );

  readonly revocationPropagation = new Histogram({
    name: 'gatehouse_revocation_propagation_seconds',
    help: 'From appending a revocation to the feed to applying it on this instance.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });

  private readonly hashWait = new Histogram({
    name: 'gatehouse_hash_queue_wait_seconds',
    help: 'How long a password waited for its turn to be hashed.',
    buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [this.registry],
  });

  private readonly hashRefusals = this.counter(
    'gatehouse_hash_queue_refusals_total',
    'Passwords that were refused, since as many as may wait did.',
  );

  /** Hears what the queue of the hashes has to say. */
  readonly hashing = {
    waited: (seconds: number): void => {
      this.hashWait.observe(seconds);
    },
    refused: (): void => {
      this.hashRefusals.inc();
    },
  };

  readonly mails = this.counter(
    'gatehouse_mail_attempts_total',
    'Tries at mail that was owed, by what they came to: sent, needless, failed, refused or given_up.',
    'outcome',
    MAILS,
  );

  readonly refusals = this.counter(
    'gatehouse_refusals_total',
    'Refusals and failures that were noted for the event log, by the type of their event.',
    'type',
    NOTED,
  );

  readonly cleanupLag = this.gauge(
    'gatehouse_cleanup_lag_seconds',
    'How long the oldest row that should have been deleted has been due, by what it is; 0 where none is.',
    'what',
  );

  readonly cleanupDeleted = this.counter(
    'gatehouse_cleanup_deleted_total',
    'Rows that this instance deleted since they had run out, by what they were.',
    'what',
  );

  readonly logLinesDropped = this.counter(
    'gatehouse_log_lines_dropped_total',
    'Lines of the log that were dropped since nobody took them.',
  );

  constructor() {
    for (const [step, outcomes] of Object.entries(SIGN_INS))
      for (const outcome of outcomes) this.signIns.inc({ step, outcome }, 0);
  }

  /**
   * Has something measured at each scrape. What takes longer than a second, or fails, is NaN, and the rest of the scrape goes on;
   * a read that is still under way is joined by the next scrape, so that none pile up.
   * @param otherwise what an answer that does not come stands for, if not for nothing known
   */
  measure(name: string, help: string, read: () => number | Promise<number>, otherwise = NaN): void {
    const ask = this.asking(name, read);
    const collect = async function (this: Gauge): Promise<void> {
      this.set((await ask()) ?? otherwise);
    };
    new Gauge({ name, help, registers: [this.registry], collect });
  }

  /** The same under one label, each of whose values has a reading; where none can be had there is no series. */
  measureEach(name: string, help: string, label: string, read: () => Readings | Promise<Readings>): void {
    const ask = this.asking(name, read);
    const collect = async function (this: Gauge): Promise<void> {
      const readings = await ask();
      this.reset();
      for (const [value, reading] of Object.entries(readings ?? {})) this.set({ [label]: value }, reading);
    };
    new Gauge({ name, help, labelNames: [label], registers: [this.registry], collect });
  }

  /** @returns what asks for a reading: undefined where none comes in time, which the log is told once, not at each scrape */
  private asking<Reading>(name: string, read: () => Reading | Promise<Reading>): () => Promise<Reading | undefined> {
    const ask = oneAtATime(read);
    return async () => {
      try {
        const reading = await within(READ_WITHIN_MS, ask());
        this.unread.delete(name);
        return reading;
      } catch (error) {
        if (!this.unread.has(name)) this.logger.warn(`${name} cannot be read: ${String(error)}`);
        this.unread.add(name);
        return undefined;
      }
    };
  }

  private counter(name: string, help: string, label?: string, known: readonly string[] = []): Counter {
    const labelNames = label === undefined ? [] : [label];
    const counter = new Counter({ name, help, labelNames, registers: [this.registry] });
    if (label !== undefined) for (const value of known) counter.inc({ [label]: value }, 0);
    return counter;
  }

  private gauge(name: string, help: string, label?: string): Gauge {
    return new Gauge({ name, help, labelNames: label === undefined ? [] : [label], registers: [this.registry] });
  }
}
