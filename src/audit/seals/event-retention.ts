import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../../config/app-config.js';
import { DataKeys } from '../../crypto/data-keys.js';
import { row, rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import { AuditLog } from '../audit-log.js';
import { firstIdOf, pieceAfter, pieceOf } from './event-piece.js';
import { SEAL_LOCK } from './event-sealer.js';
import { isAuthenticSeal } from './seal-chain.js';
import { readEnd } from './seal-rows.js';
import { newestRemoval } from './verification.js';

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
export class EventRetention implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EventRetention.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
    private readonly keys: DataKeys,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /** Before anything is written: what comes before its month stays where it is for good. */
  async onModuleInit(): Promise<void> {
    try {
      await this.ensureMonths(await piecesOf(this.dataSource), this.clock.now());
    } catch (error) {
      this.logger.warn(`the months of the event log could not be made: ${String(error)}`);
    }
  }

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
    const there = await piecesOf(this.dataSource);
    await this.ensureMonths(there, now);
    const keptFrom = addSeconds(now, -this.config.events.keepSeconds);
    const due = there.filter((piece) => new Date(`${pieceAfter(piece)}T00:00:00Z`) <= keptFrom);
    const removed: string[] = [];
    for (const piece of due) if (await this.remove(piece, now)) removed.push(piece);
    return removed;
  }

  private async ensureMonths(there: readonly string[], now: Date): Promise<void> {
    for (let month = 0; month <= MONTHS_AHEAD; month++) {
      const piece = pieceAfter(pieceOf(now), month);
      if (!there.includes(piece)) await this.ensure(piece);
    }
  }

  private ensure(piece: string): Promise<void> {
    return this.dataSource.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
      await tx.query('SELECT pg_advisory_xact_lock($1)', [SEAL_LOCK]);
      await tx.query('SELECT audit_ensure_piece($1::date)', [piece]);
    });
  }

  /** The month, its seals but the last, and the event that says so: without it a verification would miss them. */
  private async remove(piece: string, now: Date): Promise<boolean> {
    const key = await this.keys.key('events');
    return this.dataSource.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
      await tx.query('SELECT pg_advisory_xact_lock($1)', [SEAL_LOCK]);
      // Another instance may have been first.
      if (!(await piecesOf(tx)).includes(piece)) return false;
      await assertWhole(tx, key, piece);
      const events = await countOf(tx, piece);
      await tx.query('SELECT audit_remove_piece($1::date)', [piece]);
      const anchor = await readEnd(tx, 'first');
      // Nothing of it was ever sealed: there is nothing to miss.
      if (!anchor || events === 0) return true;
      const details = { piece, events, anchor: anchor.number, head: anchor.head.toString('hex') };
      await this.audit.append({ type: 'audit_pieces_removed', at: now, outcome: 'success', details }, tx);
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

const piecesOf = async (on: Executor): Promise<string[]> =>
  (await rows<{ piece: string }>(on, PIECES)).map(({ piece }) => piece);

/**
 * The service puts its name only to the removal of what is whole: of a chain that begins where it said last, and of a month that
 * has all the events that its seals say.
 */
async function assertWhole(tx: Executor, key: Buffer, piece: string): Promise<void> {
  const first = await readEnd(tx, 'first');
  if (!first) return;
  const removal = await newestRemoval(tx, key);
  const begins = removal
    ? first.number === removal.anchor && first.head.toString('hex') === removal.head
    : first.number === 1;
  if (!begins || !isAuthenticSeal(key, first)) throw new Error('the chain of seals has lost its beginning');
  const sealed = await row<{ events: number }>(
    tx,
    'SELECT coalesce(sum(count), 0)::integer AS events FROM audit_seals WHERE piece = $1::date AND number > $2',
    [piece, removal?.anchor ?? 0],
  );
  if (sealed?.events !== (await countOf(tx, piece)))
    throw new Error(`the events of ${piece} are not those of its seals`);
}

async function countOf(on: Executor, piece: string): Promise<number> {
  const counted = await row<{ events: number }>(
    on,
    'SELECT count(*)::integer AS events FROM audit_events WHERE id >= $1 AND id < $2',
    [firstIdOf(piece), firstIdOf(pieceAfter(piece))],
  );
  return counted?.events ?? 0;
}
