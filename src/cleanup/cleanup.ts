import { randomInt } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { isDatabaseUnavailable } from '../database/database-unavailable.js';
import { Metrics } from '../observability/metrics.js';
import { Clock } from '../shared/clock.js';
import { CleanupBatches } from './cleanup-batches.js';
import type { BatchesDone } from './cleanup-batches.js';
import { CleanupLag } from './cleanup-lag.js';
import type { ExpiredRows } from './expired-rows.js';

const EVERY_MS = 60_000;
/** After a round that left something. */
const SOON_MS = 2_000;

/** How many rows of each kind have gone. */
export type Cleaned = Readonly<Record<string, number>>;

/**
 * Deletes rows whose time is over, of every kind that somebody has registered, once a minute and sooner where it is behind.
 * Every instance looks; whoever finds something deletes it, one instance at a time.
 */
@Injectable()
export class Cleanup implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Cleanup.name);
  private readonly kinds: ExpiredRows[] = [];
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<unknown> = Promise.resolve();
  private behind = false;
  private hasComplained = false;

  constructor(
    private readonly batches: CleanupBatches,
    private readonly lag: CleanupLag,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** Before the start: what a module has that expires. */
  register(...kinds: readonly ExpiredRows[]): void {
    this.kinds.push(...kinds);
    for (const { what } of kinds) {
      this.metrics.cleanupDeleted.inc({ what }, 0);
      this.metrics.cleanupLag.set({ what }, 0);
    }
  }

  onApplicationBootstrap(): void {
    this.schedule(EVERY_MS);
  }

  /** Ends after the batch that is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.underWay;
  }

  /** Deletes what is due, once a round that is under way has ended. Never fails: what could not be deleted now will be later. */
  async run(): Promise<Cleaned> {
    const round = this.underWay.then(() => this.round());
    this.underWay = round;
    return round;
  }

  private schedule(afterMs: number): void {
    // Instances that started together do not look together.
    const jitteredMs = afterMs / 2 + randomInt(afterMs);
    this.timer = setTimeout(() => {
      void this.run().then(() => {
        if (!this.stopping.signal.aborted) this.schedule(this.behind ? SOON_MS : EVERY_MS);
      });
    }, jitteredMs).unref();
  }

  private async round(): Promise<Cleaned> {
    const cleaned: Record<string, number> = {};
    let failure: { readonly kind: ExpiredRows; readonly error: unknown } | undefined;
    this.behind = false;
    for (const kind of [...this.kinds]) {
      if (this.stopping.signal.aborted) break;
      try {
        // Where Postgres is away, not every kind waits to find out.
        if (isDatabaseUnavailable(failure?.error)) this.lag.tellUnknown(kind, this.clock.now());
        else cleaned[kind.what] = await this.clean(kind);
      } catch (error) {
        failure = { kind, error };
        this.lag.tellUnknown(kind, this.clock.now());
        // The next round begins behind it: the trouble may be its own.
        this.kinds.push(...this.kinds.splice(0, this.kinds.indexOf(kind) + 1));
      }
    }
    this.complainOf(failure && `${failure.kind.what}: ${String(failure.error)}`);
    return cleaned;
  }

  private async clean(kind: ExpiredRows): Promise<number> {
    const now = this.clock.now();
    const { deleted, outcome } = (await this.lag.isDue(kind, now))
      ? await this.batches.run(kind, now, this.stopping.signal)
      : NOTHING_DUE;
    this.behind ||= outcome === 'behind';
    await this.lag.tell(kind, this.clock.now());
    return deleted;
  }

  /** Once, and not at every round: it is repeated until it works. */
  private complainOf(failure: string | undefined): void {
    if (this.stopping.signal.aborted) return;
    if (failure !== undefined && !this.hasComplained) this.logger.warn(`Expired rows could not be deleted: ${failure}`);
    if (failure === undefined && this.hasComplained) this.logger.log('Expired rows are deleted again.');
    this.hasComplained = failure !== undefined;
  }
}

const NOTHING_DUE: BatchesDone = { deleted: 0, outcome: 'done' };
