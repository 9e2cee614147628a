// Sends the two statements of a refresh over and over, so many at once, each its own transaction, and does nothing else: what
// a refresh can be held against. Run by `node bench/run.mjs performance/loops/refresh-sql`.
import 'reflect-metadata';
import { Pool } from 'pg';
import type { Executor } from '../../../src/database/sql.js';
import { SystemClock, addSeconds } from '../../../src/shared/clock.js';
import { asSessionId } from '../../../src/shared/ids.js';
import { advanceRow, readRefreshRow } from '../../../src/tokens/sessions/refresh-row.js';

interface Job {
  readonly databaseUrl: string;
  readonly connections: number;
  readonly atOnce: number;
  readonly seconds: number;
  readonly ids: readonly string[];
}

const WEEK_SECONDS = 7 * 24 * 60 * 60;
const clock = new SystemClock();

/** The driver alone. */
const executorOver = (pool: Pool): Executor => ({
  query: async <Result>(text: string, values?: unknown[]) => (await pool.query(text, values)).rows as Result,
});

async function refresh(on: Executor, id: string): Promise<void> {
  const now = clock.now();
  const session = await readRefreshRow(on, asSessionId(id));
  if (!session) throw new Error(`no session ${id}`);
  const { secretId, lastUserAgent: userAgent, lastIp: ip } = session;
  const next = { generation: session.generation + 1, secretId, idleExpiresAt: addSeconds(now, WEEK_SECONDS) };
  const written = await advanceRow(on, session, { ...next, idempotencyKeyHash: null, ip, userAgent }, now);
  if (!written) throw new Error(`${id} was not advanced`);
}

async function run({ databaseUrl, connections, atOnce, seconds, ids }: Job): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: connections, min: connections });
  const on = executorOver(pool);
  // Connecting is no part of it.
  await Promise.all(Array.from({ length: connections }, () => pool.query('SELECT 1')));
  const began = performance.now();
  const until = began + seconds * 1000;
  let done = 0;
  /** Each has its own sessions: nobody loses a race here. */
  const inTurn = async (first: number): Promise<void> => {
    for (let at = first; performance.now() < until; at = at + atOnce < ids.length ? at + atOnce : first) {
      await refresh(on, ids[at] ?? '');
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, first) => inTurn(first)));
  const took = (performance.now() - began) / 1000;
  await pool.end();
  process.send?.({ done, seconds: took });
}

process.on('message', (job) => {
  run(job as Job).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
