import 'reflect-metadata';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { SystemClock } from '../src/shared/clock.js';
import { connected, startBenchDatabase } from './bench-database.js';
import { liveIds, measureCalls, measureCleanup, measureRefreshes } from './scaling/at-size.js';
import { partitionSessions } from './scaling/partition-sessions.js';
import type { Partitions } from './scaling/partition-sessions.js';
import { FIXED_SETTINGS, setToFilling, setToWorking } from './scaling/postgres-at-work.js';
import { cleanupLine, callsTable, refreshTable, sizesTable } from './scaling/tables.js';
import { tableSizes } from './scaling/table-sizes.js';
import { fill } from './seed/fill.js';
import type { Scale } from './seed/made-values.js';
import { ServiceUnderTest } from './service-under-test.js';
import { runBenchmark, say } from './run-benchmark.js';

const HELP = `npm run bench:scaling -- [--sessions 1000000] [--partitions 0] [--refreshes 20000] [--events 100000]

Fills a Postgres of its own and measures what its size makes of refreshes, lists and the cleanup; --partitions cuts the table
of sessions first, so many by hash of their ids, or "months" by the time that these begin with. A million sessions take
1.5 GB of the folder for temporary files.
`;
const USERS = { each: 10, least: 1_000 };
/** Alone, for the time that one takes; and enough to keep the disk and two cores busy. */
const AT_ONCE = [1, 8];

const print = (text: string): void => void process.stdout.write(`${text}\n\n`);

interface Options {
  readonly scale: Scale;
  readonly partitions: Partitions;
  readonly refreshes: number;
}

function optionsOf(): Options | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { sessions: text, partitions: text, refreshes: text, events: text, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  const whole = (given: string | undefined, usual: number): number => {
    const wanted = given === undefined ? usual : Number(given.replaceAll('_', ''));
    if (Number.isSafeInteger(wanted) && wanted >= 0) return wanted;
    throw new Error(`A whole number is wanted, not ${given ?? ''}.`);
  };
  const sessions = Math.max(USERS.least, whole(values.sessions, 1_000_000));
  const users = Math.max(USERS.least, Math.floor(sessions / USERS.each));
  const events = Math.max(USERS.least, whole(values.events, 100_000));
  return {
    scale: { sessions, users, events, nowMs: new SystemClock().now().getTime() },
    partitions: values.partitions === 'months' ? 'months' : whole(values.partitions, 0),
    refreshes: whole(values.refreshes, 20_000),
  };
}

async function prepare(url: string, { scale, partitions }: Options): Promise<void> {
  await connected(url, async (client) => {
    await setToFilling(client);
    if (partitions !== 0) await partitionSessions(client, partitions);
  });
  await fill(url, scale, say);
  await connected(url, setToWorking);
}

async function measure(url: string, { scale, refreshes }: Options): Promise<void> {
  const ids = await connected(url, (client) => liveIds(client, scale.sessions, refreshes));
  print(sizesTable(await connected(url, tableSizes)));
  const runs = [];
  for (const atOnce of AT_ONCE) runs.push(await measureRefreshes(url, ids, atOnce));
  print(refreshTable(runs));
  const service = await ServiceUnderTest.start(url);
  try {
    print(callsTable(await measureCalls(service, url, scale.nowMs)));
    print(cleanupLine(await measureCleanup(service, url, ids.slice(0, refreshes / 4))));
  } finally {
    await service.close();
  }
  print(sizesTable((await connected(url, tableSizes)).filter(({ name }) => name.startsWith('sessions'))));
}

/** @returns the exit code */
async function main(): Promise<number> {
  const options = optionsOf();
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const { scale, partitions } = options;
  const database = await startBenchDatabase(FIXED_SETTINGS);
  try {
    await prepare(database.url, options);
    const cut = partitions === 0 ? 'in one table' : `in partitions (${partitions})`;
    print(`# ${scale.sessions.toLocaleString('en')} sessions ${cut}`);
    print(
      `Load of the machine before: ${os
        .loadavg()
        .map((load) => load.toFixed(1))
        .join(', ')}`,
    );
    await measure(database.url, options);
    return 0;
  } finally {
    await database.stop();
  }
}

runBenchmark(main);
