import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { row } from '../database/sql.js';
import { Metrics } from '../observability/metrics.js';
import type { Batch, BatchOrder, ExpiredRows } from './expired-rows.js';

/** Any number that no other lock of ours has: "tidy" in ASCII. */
export const CLEANUP_LOCK = 0x74696479;
/** How many batches of a kind one after another: then the other kinds have their turn. */
const MOST_BATCHES = 50;
/** How long the locks of a batch are held, about: whoever wants one of its rows waits no longer. */
const BATCH_AIM_MS = 100;
const FEWEST_ROWS = 5;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [5, 1_000];

export interface BatchesDone {
  readonly deleted: number;
  /** `done`: nothing is left but what others have locked. `behind`: there may be more. `busy`: another instance is at it. */
  readonly outcome: 'done' | 'behind' | 'busy';
}

/**
 * Deletes expired rows in batches, each a short transaction of its own, under a lock that one instance has at a time. The lock
 * ends with the transaction: behind a pooler, too, and where the instance dies.
 */
@Injectable()
export class CleanupBatches {
  private readonly limits = new Map<string, number>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Deletes what is due of a kind: what was due already, and no more than fifty batches of it.
   * @param stop ends it after the batch that is under way
   */
  async run(kind: ExpiredRows, now: Date, stop: AbortSignal): Promise<BatchesDone> {
    let deleted = 0;
    let from: Date | undefined;
    for (let batches = 0; batches < MOST_BATCHES && !stop.aborted; batches++) {
      const limit = Math.min(kind.atMost, this.limits.get(kind.what) ?? kind.atMost);
      const startedMs = performance.now();
      const batch = await this.batch(kind, { now, limit, from });
      if (batch === 'busy') return { deleted, outcome: 'busy' };
      deleted += batch.deleted;
      this.metrics.cleanupDeleted.inc({ what: kind.what }, batch.deleted);
      if (batch.deleted < limit) return { deleted, outcome: 'done' };
      from = batch.until;
      const tookMs = performance.now() - startedMs;
      this.limits.set(kind.what, nextLimit(limit, tookMs));
      await pause(tookMs, stop);
    }
    return { deleted, outcome: 'behind' };
  }

  private batch(kind: ExpiredRows, order: BatchOrder): Promise<Batch | 'busy'> {
    const work = async (tx: EntityManager): Promise<Batch | 'busy'> =>
      (await isMyTurn(tx)) ? kind.deleteBatch(tx, order) : 'busy';
    return kind.transaction ? kind.transaction(work) : this.dataSource.transaction(work);
  }
}

async function isMyTurn(tx: EntityManager): Promise<boolean> {
  const lock = await row<{ mine: boolean }>(tx, 'SELECT pg_try_advisory_xact_lock($1) AS mine', [CLEANUP_LOCK]);
  return lock?.mine === true;
}

/** Fewer where they took too long, more again where the database has time. */
export function nextLimit(limit: number, tookMs: number): number {
  if (tookMs > BATCH_AIM_MS) return Math.max(FEWEST_ROWS, Math.floor(limit / 2));
  return tookMs < BATCH_AIM_MS / 2 ? limit * 2 : limit;
}

/** As long as the batch took, so that at most half of the time goes into this; a busy database is left alone for longer. */
async function pause(tookMs: number, stop: AbortSignal): Promise<void> {
  const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, tookMs));
  await delay(pauseMs, undefined, { signal: stop, ref: false }).catch(() => undefined);
}
