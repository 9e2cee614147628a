import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Metrics } from '../observability/metrics.js';
import type { Secret } from '../shared/secret.js';
import { RedisConnection } from './redis-connection.js';
import type { SharedCount } from './redis-connection.js';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** A connection that ends earlier was none: whoever makes Redis come and go is met with longer waits, not with more lines. */
const PROVEN_AFTER_MS = 10_000;

/** What another password or right would mend. */
const REFUSAL = /^(?:WRONGPASS|NOAUTH|NOPERM)/;

/**
 * Counts in Redis while it can be used, and says at once where it cannot. It tries again by itself in the background; no
 * request waits for a connection, nor does the start.
 */
export class RedisCounts {
  private readonly logger = new Logger('Throttling');
  private readonly stopping = new AbortController();
  private connection: RedisConnection | undefined;
  private running: Promise<void> | undefined;
  private state: 'unknown' | 'shared' | 'alone' = 'unknown';
  /** The last that was told. */
  private refusal: string | undefined;

  constructor(
    private readonly url: Secret,
    private readonly metrics: Metrics,
  ) {}

  start(): void {
    this.metrics.throttlerFallback.set(1);
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.connection?.close();
    await this.running;
  }

  /** @returns undefined where Redis cannot be used; the first to notice waits for it, for a tenth of a second at most */
  async increment(name: string, windowMs: number): Promise<SharedCount | undefined> {
    const { connection } = this;
    try {
      return await connection?.increment(name, windowMs);
    } catch (error) {
      // Another request may have given it up, and the next one be there already.
      if (this.connection === connection) this.giveUp(error);
      connection?.close();
      return undefined;
    }
  }

  private async run(): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; !this.isStopping(); waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      const startedAt = performance.now();
      await this.useUntilLost();
      if (performance.now() - startedAt > PROVEN_AFTER_MS) waitMs = FIRST_WAIT_MS;
      await delay(waitMs, undefined, { ref: false, signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async useUntilLost(): Promise<void> {
    try {
      const connection = await RedisConnection.open(this.url.reveal());
      if (this.isStopping()) {
        connection.close();
        return;
      }
      this.connection = connection;
      this.tell('shared');
      await connection.ended;
      if (this.connection === connection) this.giveUp(new Error('the connection has ended'));
    } catch (error) {
      this.giveUp(error);
    }
  }

  private giveUp(reason: unknown): void {
    this.connection = undefined;
    if (!this.isStopping()) this.tell('alone', reason);
  }

  /** Changes alone: what goes on is in the metric. */
  private tell(state: 'shared' | 'alone', reason?: unknown): void {
    this.metrics.throttlerFallback.set(state === 'alone' ? 1 : 0);
    const refusal = REFUSAL.exec(textOf(reason))?.[0];
    if (this.state === state) {
      this.tellOfRefusal(refusal);
      return;
    }
    this.refusal = refusal;
    this.state = state;
    if (state === 'shared') this.logger.log('Redis counts the requests of all instances together.');
    else
      this.logger.warn(
        `Redis cannot be used (${textOf(reason)}): each instance counts requests for itself until it can.`,
      );
  }

  /** Lost for another reason first, it may be back with another password: what an operator has to mend. */
  private tellOfRefusal(refusal: string | undefined): void {
    if (refusal === undefined || refusal === this.refusal) return;
    this.refusal = refusal;
    this.logger.warn(`Redis is there again, but refuses this service (${refusal}): look at REDIS_URL and its account.`);
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}

/** A failure to connect to each of several addresses has a code alone. */
function textOf(reason: unknown): string {
  if (!(reason instanceof Error)) return 'unknown';
  return reason.message !== '' || !('code' in reason) ? reason.message : String(reason.code);
}
