import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { row, rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import { AuditLog } from '../audit-log.js';
import { firstIdOf, pieceAfter, pieceOf } from './event-piece.js';
import { SEAL_LOCK } from './event-sealer.js';

const EVERY_MS = 15 * 60_000;
const MONTHS_AHEAD = 3;
/** A month comes or goes under a lock that every writer waits behind: rather another try than a queue. */
const LOCK_WAIT = '500ms';

/** The months that have a table: `audit_events_2026_11` of 2026-11-01. */
const PIECES = `
  SELECT replace(right(relname, 7), '_', '-') || '-01' AS piece FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
  WHERE inhparent = 'audit_events'::regclass AND relname ~ '^audit_events_\\d{4}_\\d{2}$' ORDER BY 1`;

/** Makes the months that events will be of, and removes those that are over `EVENTS_KEEP` old, whole. */
@Injectable()
export class EventRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EventRetention.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.tryRun();
    this.timer = setInterval(() => void this.tryRun(), EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns the months that were removed */
  async run(): Promise<string[]> {
    const now = this.clock.now();
    const there = (await rows<{ piece: string }>(this.dataSource, PIECES)).map(({ piece }) => piece);
    for (let month = 0; month <= MONTHS_AHEAD; month++) {
      const piece = pieceAfter(pieceOf(now), month);
      if (!there.includes(piece)) await this.ensure(piece);
    }
    const keptFrom = addSeconds(now, -this.config.events.keepSeconds);
    const due = there.filter((piece) => new Date(`${pieceAfter(piece)}T00:00:00Z`) <= keptFrom);
    const removed: string[] = [];
    for (const piece of due) if (await this.remove(piece, now)) removed.push(piece);
    return removed;
  }

  private ensure(piece: string): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
      await tx.query('SELECT pg_advisory_xact_lock($1)', [SEAL_LOCK]);
      await tx.query('SELECT audit_ensure_piece($1::date)', [piece]);
    });
  }

  /** The month, its seals but the last, and the event that says so: without it a verification would miss them. */
  private remove(piece: string, now: Date): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
      await tx.query('SELECT pg_advisory_xact_lock($1)', [SEAL_LOCK]);
      // Another instance may have been first.
      if (!(await rows<{ piece: string }>(tx, PIECES)).some((found) => found.piece === piece)) return false;
      const events = await countOf(tx, piece);
      await tx.query('SELECT audit_remove_piece($1::date)', [piece]);
      const anchor = await row<{ number: string; head: Buffer }>(
        tx,
        'SELECT number, head FROM audit_seals ORDER BY number LIMIT 1',
      );
      // Nothing was ever sealed: there is nothing to miss.
      if (!anchor) return true;
      const details = { piece, events, anchor: Number(anchor.number), head: anchor.head.toString('hex') };
      await this.audit.append({ type: 'audit_pieces_removed', at: now, outcome: 'success', details }, tx);
      if (events > 0)
        this.logger.log(`Removed the ${events} events of ${piece.slice(0, 7)}, which were older than EVENTS_KEEP.`);
      return true;
    });
  }

  private async tryRun(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.logger.warn(`the months of the event log could not be kept up: ${String(error)}`);
    }
  }
}

async function countOf(on: Executor, piece: string): Promise<number> {
  const counted = await row<{ events: number }>(
    on,
    'SELECT count(*)::integer AS events FROM audit_events WHERE id >= $1 AND id < $2',
    [firstIdOf(piece), firstIdOf(pieceAfter(piece))],
  );
  return counted?.events ?? 0;
}
