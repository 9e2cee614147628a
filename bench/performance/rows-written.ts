import { setTimeout } from 'node:timers/promises';
import { connected } from '../bench-database.js';

/** A connection that has become idle tells what it has done after ten seconds (PGSTAT_IDLE_INTERVAL). */
const STATISTICS_MS = 11_000;

export interface RowsWritten {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Of all tables, since the database was made. */
async function rowsWritten(databaseUrl: string): Promise<RowsWritten> {
  await setTimeout(STATISTICS_MS);
  const { rows } = await connected(databaseUrl, (client) =>
    client.query<Record<keyof RowsWritten, string>>(
      `SELECT coalesce(sum(n_tup_ins), 0) AS inserted, coalesce(sum(n_tup_upd), 0) AS updated,
              coalesce(sum(n_tup_del), 0) AS deleted FROM pg_stat_user_tables`,
    ),
  );
  const { inserted = '0', updated = '0', deleted = '0' } = rows[0] ?? {};
  return { inserted: Number(inserted), updated: Number(updated), deleted: Number(deleted) };
}

/** What some work wrote, with what the service wrote beside of its own accord. */
export async function writtenBy<Result>(
  databaseUrl: string,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly written: RowsWritten }> {
  const before = await rowsWritten(databaseUrl);
  const result = await work();
  const after = await rowsWritten(databaseUrl);
  const written = {
    inserted: after.inserted - before.inserted,
    updated: after.updated - before.updated,
    deleted: after.deleted - before.deleted,
  };
  return { result, written };
}
