import { performance } from 'node:perf_hooks';
import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { rows } from '../../database/sql.js';
import { Clock } from '../../shared/clock.js';
import { Denylist } from './denylist.js';
import type { RevocationKind } from './denylist.js';
import { RevocationUnknownError } from '../tokens.errors.js';

const POLL_MS = 500;
const STALE_AFTER_MS = 5_000;
const PRUNE_EVERY_POLLS = 60;
/** Below every transaction id. */
const READ_ALL = '0';

interface FeedRow {
  readonly next_xid: string;
  readonly database_time: Date;
  readonly kind: RevocationKind | null;
  readonly subject: string;
  readonly minimum: number | null;
  readonly expires_at: Date;
}

/**
 * Follows the `revocations` table into the denylist, so that what another instance revoked is refused here too.
 * It reads by transaction id: each read returns the oldest transaction that was still running, and the next takes every
 * row at or above it. A row that commits late is above it, so none is missed; a row read twice changes nothing.
 */
@Injectable()
export class RevocationFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RevocationFeed.name);
  private nextXid = READ_ALL;
  private polls = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private reading: Promise<void> | undefined;
  /** When the last good read was sent: by the monotonic clock, and by the wall clock, which a suspended machine moves. */
  private currentSince = { monotonicMs: -Infinity, wallMs: -Infinity };

  constructor(
    private readonly dataSource: DataSource,
    private readonly denylist: Denylist,
    private readonly clock: Clock,
  ) {}

  /** Loads all live rows before the instance is ready, then follows. */
  async onApplicationBootstrap(): Promise<void> {
    await this.read();
    this.schedule();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /**
   * Returns at once while this instance has heard from Postgres within 5 s; otherwise joins one shared read.
   * @throws RevocationUnknownError where that read fails, or was answered too late to tell anything current
   */
  async assertCurrent(): Promise<void> {
    if (this.isCurrent()) return;
    try {
      await this.read();
    } catch (error) {
      throw new RevocationUnknownError(error);
    }
    if (!this.isCurrent()) throw new RevocationUnknownError('the read that was joined took too long');
  }

  /** How old this instance's knowledge is, in milliseconds: by whichever clock says more. */
  stalenessMs(): number {
    const monotonicMs = performance.now() - this.currentSince.monotonicMs;
    const wallMs = this.clock.now().getTime() - this.currentSince.wallMs;
    return Math.max(monotonicMs, wallMs);
  }

  /** Reads what is new; calls made meanwhile share it. */
  read(): Promise<void> {
    this.reading ??= this.readOnce().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private isCurrent(): boolean {
    return this.stalenessMs() <= STALE_AFTER_MS;
  }

  /**
   * A read that failed may have been the loss of a server, and the one that answers next may be a standby that was a
   * little behind: it gives the same transaction ids out again. So everything is read once more, as at the start.
   */
  private async readOnce(): Promise<void> {
    try {
      const before = BigInt(this.nextXid);
      await this.readNew();
      if (BigInt(this.nextXid) >= before) return;
      this.nextXid = READ_ALL;
      await this.readNew();
    } catch (error) {
      this.nextXid = READ_ALL;
      throw error;
    }
  }

  private async readNew(): Promise<void> {
    const askedAt = this.clock.now();
    const sentMs = performance.now();
    const found = await rows<FeedRow>(
      this.dataSource,
      `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS next_xid, clock_timestamp() AS database_time,
              r.kind, r.subject, r.minimum, r.expires_at
       FROM (SELECT) AS always LEFT JOIN revocations r ON r.xid >= $1::xid8 AND r.expires_at > now()`,
      [this.nextXid],
    );
    for (const { kind, subject, minimum, expires_at: expiresAt } of found) {
      if (kind) this.denylist.apply({ kind, subject, minimum, expiresAt });
    }
    const [first] = found;
    if (!first) throw new Error('the revocation feed answered with no row');
    this.nextXid = first.next_xid;
    this.clock.synchronise(first.database_time, askedAt);
    this.currentSince = { monotonicMs: sentMs, wallMs: this.clock.now().getTime() - (performance.now() - sentMs) };
    if (++this.polls % PRUNE_EVERY_POLLS === 0) this.denylist.prune(this.clock.now());
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.poll(), POLL_MS);
    this.timer.unref();
  }

  private async poll(): Promise<void> {
    try {
      await this.read();
    } catch (error) {
      if (!this.stopped) this.logger.warn(`revocations could not be read: ${String(error)}`);
    }
    this.schedule();
  }
}
