import { performance } from 'node:perf_hooks';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Metrics } from '../../observability/metrics.js';
import { Clock } from '../../shared/clock.js';
import { within } from '../../shared/within.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { RevocationUnknownError } from '../tokens.errors.js';
import { Denylist } from './denylist.js';
import { FeedCurrency } from './feed-currency.js';
import { FeedCursor } from './feed-cursor.js';
import { readFeed } from './feed-reader.js';
import type { FeedBatch, FeedEntry } from './feed-reader.js';
import { FeedSubscribers } from './feed-subscribers.js';
import type { Subscriber } from './feed-subscribers.js';
import { RevocationSignal } from './revocation-signal.js';

const POLL_MS = 500;
const STALE_AFTER_MS = 5_000;
/** A million rows take seconds: whoever gave them up at the start would never have started. Postgres has its own limit. */
const FIRST_READ_WITHIN_MS = 60_000;
/** How long a request waits for the shared read: one that Postgres does not answer would hold it for longer. */
const CATCH_UP_WITHIN_MS = 1_000;
const PRUNE_EVERY_READS = 60;

/**
 * Follows the `revocations` table into the denylist, so that what another instance revoked is refused here too.
 * It reads by transaction id: each read returns the oldest transaction that was still running, and the next takes every
 * row at or above it. A row that commits late is above it, so none is missed; a row read twice changes nothing.
 */
@Injectable()
export class RevocationFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RevocationFeed.name);
  private readonly subscribers = new FeedSubscribers();
  private readonly cursor: FeedCursor;
  private readonly currency: FeedCurrency;
  private keysVersion: number | undefined;
  private reads = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private reading: Promise<void> | undefined;
  private readAgain = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly denylist: Denylist,
    private readonly keys: SigningKeys,
    private readonly signal: RevocationSignal,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {
    this.cursor = new FeedCursor(dataSource);
    this.currency = new FeedCurrency(clock);
  }

  /** Loads all live rows before the instance is ready, then follows. */
  async onApplicationBootstrap(): Promise<void> {
    this.measure();
    await this.readOnce(FIRST_READ_WITHIN_MS);
    // What that told may be old by its end; what has come meanwhile is little.
    await this.read();
    this.signal.follow(() => {
      this.readSoon();
    });
    this.schedule();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.reading?.catch(() => undefined);
  }

  /**
   * Returns at once while this instance has heard from Postgres within 5 s; otherwise joins one shared read.
   * @throws RevocationUnknownError where that read fails, or was sent so long ago that its answer tells nothing current
   */
  async assertCurrent(): Promise<void> {
    if (this.isCurrent()) return;
    try {
      await within(CATCH_UP_WITHIN_MS, this.read());
    } catch (error) {
      throw new RevocationUnknownError(error);
    }
    if (!this.isCurrent()) throw new RevocationUnknownError('the shared read took too long');
  }

  isCurrent(): boolean {
    return this.stalenessMs() <= STALE_AFTER_MS;
  }

  /** How old this instance's knowledge is, in milliseconds. */
  stalenessMs(): number {
    return this.currency.stalenessMs();
  }

  /** Everything below this transaction id has been read: a position to go on from. */
  get position(): string {
    return this.cursor.position;
  }

  /** @returns how to end the subscription */
  subscribe(subscriber: Subscriber): () => void {
    return this.subscribers.add(subscriber);
  }

  /** The live rows at or above a position, whether or not they have been read before. */
  async entriesSince(position: string): Promise<{ position: string; entries: readonly FeedEntry[] }> {
    const { position: next, found } = await readFeed(this.dataSource, position);
    return { position: next, entries: found };
  }

  /** Reads what is new; calls made meanwhile share it. */
  read(): Promise<void> {
    this.reading ??= this.readOnce().finally(() => (this.reading = undefined));
    return this.reading;
  }

  /** Reads all that had been committed when this was called: a read that is under way may have begun before. */
  async readAnew(): Promise<void> {
    await this.reading?.catch(() => undefined);
    await this.read();
  }

  private measure(): void {
    const staleness = "How old this instance's knowledge of revocations is; over 5 s it answers guarded calls 503.";
    this.metrics.measure('gatehouse_revocation_staleness_seconds', staleness, () => this.stalenessMs() / 1000);
    const size = 'Revocations that are held in memory, since a token that they refuse may be alive.';
    this.metrics.measure('gatehouse_denylist_entries', size, () => this.denylist.size);
  }

  /** A signal that comes during a read may tell of a row that the read did not see. */
  private readSoon(): void {
    if (this.reading) this.readAgain = true;
    else void this.tryRead();
  }

  private async tryRead(): Promise<void> {
    this.readAgain = false;
    await this.read().catch((error: unknown) => {
      if (!this.stopped) this.logger.warn(`revocations could not be read: ${String(error)}`);
    });
    if (this.wasSignalled()) await this.tryRead();
  }

  private wasSignalled(): boolean {
    return this.readAgain && !this.stopped;
  }

  private async readOnce(limitMs = STALE_AFTER_MS): Promise<void> {
    const askedAt = this.clock.now();
    const sentMs = performance.now();
    const batch = await this.cursor.next(limitMs);
    for (const entry of batch.found) this.denylist.apply(entry);
    this.tell(batch);
    this.cursor.pass(batch);
    this.clock.synchronise(batch.databaseTime, askedAt);
    this.currency.renew(sentMs);
    if (++this.reads % PRUNE_EVERY_READS === 0) this.denylist.prune(this.clock.now());
    if (batch.keysVersion !== this.keysVersion) await this.reloadKeys(batch.keysVersion);
  }

  private tell(batch: FeedBatch): void {
    for (const { appendedAt } of this.subscribers.tell(batch)) {
      const propagationMs = batch.databaseTime.getTime() - appendedAt.getTime();
      this.metrics.revocationPropagation.observe(Math.max(0, propagationMs) / 1000);
    }
  }

  /** After the first read too: another instance may have changed them since this one loaded its keys. */
  private async reloadKeys(version: number): Promise<void> {
    await this.keys.reload();
    this.keysVersion = version;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.tryRead().then(() => {
        this.schedule();
      });
    }, POLL_MS);
    this.timer.unref();
  }
}
