import { onServer } from './database.js';
import { eventually } from './eventually.js';
import type { TestApp } from './test-app.js';

/**
 * Runs a statement in a transaction of its own and holds it open while something else is started that has to wait for
 * it; commits once that really waits.
 * @returns what the other came to
 */
export async function heldOpen<Result>(
  service: Pick<TestApp, 'database' | 'sql'>,
  statement: readonly [text: string, values: unknown[]],
  start: () => Promise<Result>,
): Promise<Result> {
  return onServer(async (query) => {
    await query('BEGIN');
    const [holder] = await query('SELECT pg_backend_pid() AS pid');
    await query(...statement);
    const started = start();
    await eventually(async () => {
      const [waiting] = await service.sql<{ count: number }>(
        `SELECT count(*)::int FROM pg_stat_activity
         WHERE datname = current_database() AND ${Number(holder?.pid)} = ANY (pg_blocking_pids(pid))`,
      );
      expect(waiting?.count).toBeGreaterThan(0);
    });
    await query('COMMIT');
    return started;
  }, service.database.url);
}
