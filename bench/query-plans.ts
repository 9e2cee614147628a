import 'reflect-metadata';
import { statfsSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { SystemClock } from '../src/shared/clock.js';
import { connected, startBenchDatabase } from './bench-database.js';
import { reportOf } from './plan-report.js';
import { recordService } from './record-service.js';
import { fill } from './seed/fill.js';
import type { Scale } from './seed/made-values.js';
import { runBenchmark, say } from './run-benchmark.js';

const HELP = `npm run bench:plans -- [--sessions 1000000] [--users 100000] [--events 10000000]

Fills a Postgres of its own, makes every call that lists or revokes on it, and prints the plan of each statement that the
service really sends. Ends with 1 where one reads a large table from end to end, or all but.
`;
/** What a row takes with its indexes, at most, and what Postgres needs besides. */
const [SESSION_BYTES, EVENT_BYTES, WORK_BYTES] = [1_200, 700, 6e9];
const LEAST_ROWS = 1_000;

/** @returns undefined where help is wanted */
function scaleOf(): Scale | undefined {
  const size = { type: 'string' } as const;
  const { values } = parseArgs({ options: { sessions: size, users: size, events: size, help: { type: 'boolean' } } });
  if (values.help) return undefined;
  const rows = (given: string | undefined, usual: number): number => {
    const wanted = given === undefined ? usual : Number(given.replaceAll('_', ''));
    if (Number.isSafeInteger(wanted) && wanted >= LEAST_ROWS) return wanted;
    throw new Error(`A size is a whole number from ${LEAST_ROWS} on, not ${given ?? ''}.`);
  };
  const sessions = rows(values.sessions, 1_000_000);
  const events = rows(values.events, 10_000_000);
  const users = rows(values.users, Math.max(LEAST_ROWS, Math.floor(sessions / 10)));
  return { sessions, events, users, nowMs: new SystemClock().now().getTime() };
}

function requireSpace({ sessions, events }: Scale): void {
  const { bavail, bsize } = statfsSync(os.tmpdir());
  const [free, needed] = [bavail * bsize, sessions * SESSION_BYTES + events * EVENT_BYTES + WORK_BYTES];
  if (free >= needed) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new Error(`${os.tmpdir()} has ${gigabytes(free)} left, and this may take ${gigabytes(needed)}.`);
}

async function tableSizes(client: Client): Promise<ReadonlyMap<string, number>> {
  const found = await client.query<{ name: string; rows: number }>(
    `SELECT relname AS name, reltuples AS rows FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  return new Map(found.rows.map(({ name, rows }) => [name, rows]));
}

/** @returns the exit code */
async function main(): Promise<number> {
  const scale = scaleOf();
  if (!scale) {
    process.stdout.write(HELP);
    return 0;
  }
  requireSpace(scale);
  const database = await startBenchDatabase();
  try {
    await fill(database.url, scale, say);
    const sizes = await connected(database.url, tableSizes);
    const { markdown, faults } = reportOf(await recordService(database.url, scale.nowMs), sizes);
    process.stdout.write(`${markdown}\n`);
    for (const fault of faults) say(`FAULT ${fault}`);
    return faults.length > 0 ? 1 : 0;
  } finally {
    await database.stop();
  }
}

runBenchmark(main);
