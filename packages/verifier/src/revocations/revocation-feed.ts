import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { RevocationUnknownError } from '../errors.js';
import { RefusedError } from '../gatehouse.js';
import { Backoff } from './backoff.js';
import type { Denylist } from './denylist.js';
import { EventStream } from './event-stream.js';
import { FeedCurrency } from './feed-currency.js';
import { FeedReader } from './feed-reader.js';
import { Gate } from './gate.js';

/** How often staleness is looked at. */
const WATCH_MS = 250;
/** How long a connection may say nothing before it has told everything. */
const SILENT_MS = 5_000;
/** How long a request waits for a feed that has just become silent: a machine that was suspended is soon current again. */
const CATCH_UP_MS = 1_000;
const PRUNE_MS = 30_000;

export interface FeedOptions {
  readonly open: (position: string | undefined, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  readonly denylist: Denylist;
  readonly clock: Clock;
  readonly maxStalenessMs: number;
  readonly onKey: (kid: string) => void;
  /** Told when a connection has told all that there was before. */
  readonly onReady: () => void;
  /** Told when the feed may have become current or stale. */
  readonly onChange: () => void;
  readonly onError: (error: unknown) => void;
  readonly backoff?: Backoff;
}

/** Follows the feed of revocations into the denylist, over as many connections as that takes. */
export class RevocationFeed {
  private readonly currency: FeedCurrency;
  private readonly reader: FeedReader;
  private readonly backoff: Backoff;
  private readonly gate = new Gate();
  private readonly closing = new AbortController();
  private connection: AbortController | undefined;
  private heardMs = 0;
  private prunedMs = 0;
  private silentSinceMs: number | undefined;
  private opened = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: FeedOptions) {
    const { clock, denylist, maxStalenessMs, onKey } = options;
    this.currency = new FeedCurrency(clock);
    this.reader = new FeedReader(denylist, this.currency, maxStalenessMs, onKey);
    this.backoff = options.backoff ?? new Backoff();
  }

  /** How many connections were opened. */
  get connections(): number {
    return this.opened;
  }

  start(): void {
    this.timer = setInterval(() => {
      this.watch();
    }, WATCH_MS);
    this.timer.unref();
    void this.follow();
  }

  close(): void {
    clearInterval(this.timer);
    this.closing.abort();
    this.hangUp('the verifier is closed');
    this.gate.open();
  }

  isCurrent(): boolean {
    return !this.closing.signal.aborted && this.stalenessMs() <= this.options.maxStalenessMs;
  }

  /** How old what is known is, in milliseconds; infinite before the first load. */
  stalenessMs(): number {
    return this.currency.stalenessMs();
  }

  /**
   * Returns at once while the feed is heard; waits a second at most where it has just become silent.
   * @throws RevocationUnknownError, or the reason of the signal
   */
  async assertCurrent(signal?: AbortSignal): Promise<void> {
    if (this.isCurrent()) return;
    this.noteSilence();
    const waitedMs = this.options.clock.monotonicMs() - (this.silentSinceMs ?? -Infinity);
    const wasLoaded = this.stalenessMs() !== Infinity;
    if (wasLoaded && waitedMs < CATCH_UP_MS) await this.gate.pass(CATCH_UP_MS - waitedMs, signal);
    if (!this.isCurrent()) throw new RevocationUnknownError(`the feed was last heard ${this.stalenessMs()} ms ago`);
  }

  private async follow(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const askedMs = await this.readConnection().catch((error: unknown) => {
        if (!signal.aborted) this.options.onError(error);
        return error instanceof RefusedError ? error.retryAfterMs : 0;
      });
      await setTimeout(this.backoff.nextMs(askedMs), undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns after how many milliseconds the server wants its reader back, where it has ended the stream itself */
  private async readConnection(): Promise<number> {
    const connection = new AbortController();
    this.connection = connection;
    this.opened += 1;
    this.heardMs = this.options.clock.monotonicMs();
    this.reader.begin(this.heardMs);
    const stream = new EventStream();
    try {
      for await (const piece of await this.options.open(this.reader.resumeFrom, connection.signal)) {
        this.heardMs = this.options.clock.monotonicMs();
        for (const event of stream.push(piece)) if (this.reader.take(event)) this.becomeCurrent(event.event);
      }
      return stream.retryMs ?? 0;
    } catch (error) {
      throw connection.signal.aborted ? connection.signal.reason : error;
    } finally {
      // Also where an event could not be taken: the rest of the stream is not wanted.
      connection.abort();
      this.connection = undefined;
    }
  }

  private becomeCurrent(event: string): void {
    // Only then: a server that ends each stream as soon as it is ready is not to be asked four times a second.
    if (event === 'current') this.backoff.reset();
    this.silentSinceMs = undefined;
    this.gate.open();
    if (event === 'ready') this.options.onReady();
    this.options.onChange();
  }

  private watch(): void {
    const { clock, denylist } = this.options;
    const nowMs = clock.monotonicMs();
    if (!this.isCurrent()) this.noteSilence();
    const isLoading = this.connection !== undefined && !this.reader.ready;
    if (isLoading && nowMs - this.heardMs > SILENT_MS) this.hangUp(`it said nothing for ${SILENT_MS} ms`);
    if (nowMs - this.prunedMs < PRUNE_MS) return;
    this.prunedMs = nowMs;
    denylist.prune(clock.wallMs());
  }

  /** Once: a connection that was silent for that long is given up. */
  private noteSilence(): void {
    if (this.silentSinceMs !== undefined || this.stalenessMs() === Infinity) return;
    this.silentSinceMs = this.options.clock.monotonicMs();
    if (this.reader.ready) this.hangUp('it told nothing current for too long');
    this.options.onChange();
  }

  private hangUp(reason: string): void {
    this.connection?.abort(new Error(reason));
  }
}
