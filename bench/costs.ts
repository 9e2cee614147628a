import { readFileSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Client } from 'pg';
import { readFeed } from '../src/tokens/revocation/feed-reader.js';
import { Denylist } from '../src/tokens/revocation/denylist.js';
import { newId } from '../src/shared/ids.js';
import { Chance } from '../test/support/chance.js';
import { connected, startBenchDatabase } from './bench-database.js';
import { FIXED_SETTINGS, processTimes, setToWorking, workSince, workSoFar } from './scaling/postgres-at-work.js';
import { withConnections } from './scaling/refreshes.js';
import { MIX } from './soak/mix.js';
import type { Cast, Kind } from './soak/mix.js';
import { gatherPeople, signIn } from './soak/people.js';
import { productionEnvironment, startService } from './soak/soaked-service.js';
import type { MeasuredProcess } from './measured-process.js';
import { Wire } from './soak/wire.js';

const [PEOPLE, AT_ONCE] = [200, 8];
const WARM_UP = 200;
const ENTRIES = 500_000;
const HOUR_MS = 3_600_000;

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const openSession: Kind['run'] = ({ wire }, person) => signIn(wire, person);
/** What is measured, and how often. */
const KINDS: readonly (readonly [name: string, count: number, run: Kind['run']])[] = [
  ['guarded', 10_000, runOf('guarded')],
  ['refresh', 6_000, runOf('refresh')],
  ['sign-in', 600, openSession],
  ['a list of own sessions', 2_000, runOf('own sessions')],
  ['introspection', 2_000, runOf('introspection')],
];

function runOf(name: string): Kind['run'] {
  const kind = MIX.find((each) => each.name === name);
  if (!kind) throw new Error(`no ${name} in the mix`);
  return kind.run;
}

/** Each person's requests one after another, those of eight people at once. */
async function sendAll(cast: Cast, count: number, run: Kind['run']): Promise<void> {
  let left = count;
  const inTurn = async (first: number): Promise<void> => {
    for (let turn = first; left > 0; turn = (turn + AT_ONCE) % cast.others.length) {
      left -= 1;
      const person = cast.others[turn];
      const answer = person && (await run(cast, person));
      if (answer?.status !== 200) throw new Error(`${String(answer?.status)} ${String(answer?.text)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => inTurn(first)));
}

async function requestCosts(client: Client, service: MeasuredProcess, cast: Cast): Promise<void> {
  print('| request | CPU of the service, ms | CPU of Postgres, ms | WAL, bytes |\n|---|--:|--:|--:|');
  for (const [name, count, run] of KINDS) {
    await sendAll(cast, Math.min(WARM_UP, count), run);
    const before = { postgres: await workSoFar(client), service: processTimes(service.pid)?.cpuMs ?? NaN };
    await sendAll(cast, count, run);
    const postgres = workSince(before.postgres, await workSoFar(client));
    const serviceMs = (processTimes(service.pid)?.cpuMs ?? NaN) - before.service;
    const each = (total: number, digits: number): string => (total / count).toFixed(digits);
    print(`| ${name} | ${each(serviceMs, 2)} | ${each(postgres.cpuMs, 2)} | ${each(postgres.walBytes, 0)} |`);
  }
}

/** Of the server's processes that serve connections, what is theirs alone. */
function backendMegabytes(postmaster: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && processTimes(name)?.parent === postmaster)
    .filter((name) => readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('127.0.0.1('))
    .map(
      (name) => Number(/^Private_Dirty:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/smaps_rollup`, 'utf8'))?.[1]) / 1024,
    );
}

/** What one instance's look at the feed takes, and its connections. */
async function feedCosts(client: Client, url: string): Promise<void> {
  await withConnections(url, 1, async (dataSource) => {
    const { position } = await readFeed(dataSource, '0');
    for (const reads of [500, 5_000]) {
      const before = await workSoFar(client);
      for (let read = 0; read < reads; read += 1) await readFeed(dataSource, position);
      const { cpuMs } = workSince(before, await workSoFar(client));
      if (reads > 500)
        print(`A look at the feed that finds nothing: ${(cpuMs / reads).toFixed(3)} ms of Postgres's CPU.`);
    }
  });
}

function denylistCosts(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const inUse = (): number => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const list = new Denylist();
  const before = inUse();
  for (let entry = 0; entry < ENTRIES; entry += 1) {
    const expiresAt = new Date(1_800_000_000_000 + HOUR_MS);
    // As the driver gives it: a string of its own.
    list.apply({ kind: 'session', subject: Buffer.from(newId()).toString(), minimum: null, expiresAt });
  }
  const bytes = (inUse() - before) / list.size;
  print(`An entry of the denylist: ${bytes.toFixed(0)} bytes of heap (${list.size} entries).`);
}

async function main(): Promise<void> {
  denylistCosts();
  const database = await startBenchDatabase(FIXED_SETTINGS);
  try {
    await connected(database.url, async (client) => {
      await setToWorking(client);
      const { url, process: service } = await startService(productionEnvironment(database.url));
      const wire = new Wire(url, AT_ONCE);
      try {
        const chance = new Chance(1);
        const people = await gatherPeople(wire, database.url, PEOPLE, chance);
        await requestCosts(client, service, { ...people, wire, chance });
        const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
        const backends = backendMegabytes(processTimes(rows[0]?.pid ?? 0)?.parent ?? 0).map((size) => size.toFixed(1));
        print(`\nPrivate memory of each connection of Postgres after that: ${backends.join(', ')} MB.`);
      } finally {
        wire.close();
        await service.stop();
      }
      await feedCosts(client, database.url);
    });
  } finally {
    await database.stop();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
