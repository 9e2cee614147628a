import type { EntityManager } from 'typeorm';
import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import { addSeconds } from '../shared/clock.js';

/** Which rows a batch takes. */
export interface BatchOrder {
  readonly now: Date;
  readonly limit: number;
  /** When the last one of the batch before was due: what was passed over there waits for the next round. */
  readonly from: Date | undefined;
}

export interface Batch {
  readonly deleted: number;
  /** When the last one was due, as `from` of the next batch. */
  readonly until: Date | undefined;
}

/** A kind of rows that are worth nothing once their time is over. */
export interface ExpiredRows {
  /** Its name in the metrics. */
  readonly what: string;
  /** How many a batch may have. */
  readonly atMost: number;
  /** Deletes those longest due, but passes over what others have locked: it waits for nobody. */
  deleteBatch(tx: EntityManager, order: BatchOrder): Promise<Batch>;
  /** When the one that is longest overdue was due; undefined where none is. */
  oldest(on: Executor, now: Date): Promise<Date | undefined>;
  /** Runs the transaction of a batch, where it takes more than a plain one. */
  readonly transaction?: <Result>(work: (tx: EntityManager) => Promise<Result>) => Promise<Result>;
}

/** Where the rows are, as SQL. */
interface RowsOf {
  readonly what: string;
  readonly table: string;
  /** A column that is unique. */
  readonly key: string;
  /** A column that an index has, of those rows at least that `where` is true of. */
  readonly due: string;
  /** How long they stay after it. */
  readonly keptSeconds?: number;
  readonly where?: string;
}

const MOST_ROWS = 1_000;

/** A kind whose rows just go. */
export function expiredRows({ what, table, key, due, keptSeconds = 0, where = 'true' }: RowsOf): ExpiredRows {
  // Chosen once, by an array: joined, they might be chosen again for each row. A row that is locked may be wanted by a
  // request, and whoever deletes it can wait.
  const deletion = `
    WITH gone AS (
      DELETE FROM ${table} WHERE ${key} = ANY (ARRAY(
        SELECT ${key} FROM ${table} WHERE ${due} <= $1 AND ${due} >= $2 AND ${where}
        ORDER BY ${due} LIMIT $3 FOR UPDATE SKIP LOCKED))
      RETURNING ${due} AS due
    )
    SELECT count(*)::int AS deleted, max(due) AS until FROM gone`;
  const first = `SELECT min(${due}) AS due FROM ${table} WHERE ${due} <= $1 AND ${where}`;
  return {
    what,
    atMost: MOST_ROWS,
    async deleteBatch(tx, { now, limit, from }) {
      const values = [addSeconds(now, -keptSeconds), from ?? '-infinity', limit];
      const gone = await row<{ deleted: number; until: Date | null }>(tx, deletion, values);
      return { deleted: gone?.deleted ?? 0, until: gone?.until ?? undefined };
    },
    async oldest(on, now) {
      const found = await row<{ due: Date | null }>(on, first, [addSeconds(now, -keptSeconds)]);
      return found?.due ? addSeconds(found.due, keptSeconds) : undefined;
    },
  };
}
