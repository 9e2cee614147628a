import { setTimeout } from 'node:timers/promises';
import type { Chance } from '../../support/chance.js';
import { onServer } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import type { PostgresUnderTest } from '../../support/postgres-under-test.js';
import type { RedisUnderTest } from '../../support/redis-under-test.js';
import type { Instance, Instances } from './instances.js';
import type { Ledger } from './ledger.js';

const RECOVERY_MS = 30_000;
/** Some 70 KB fit where nobody reads. */
const LINES_OF_A_PIPE = 300;

/** What a fault has to do with. */
export interface Grounds {
  readonly postgres: PostgresUnderTest;
  readonly redis: RedisUnderTest;
  readonly instances: Instances;
  readonly ledger: Ledger;
  readonly chance: Chance;
}

/** Breaks something, lets it be broken for a while, and mends it. */
export type Fault = (grounds: Grounds) => Promise<void>;

/** Every instance says that it is ready: only then has each been answered by Postgres since. */
export const allReady = ({ instances }: Pick<Grounds, 'instances'>): Promise<void> =>
  eventually(async () => {
    const ready = await Promise.all(instances.all.map(({ process }) => process.api.get('/health/ready')));
    if (ready.some(({ status }) => status !== 200)) throw new Error('an instance is not ready again');
  }, RECOVERY_MS);

const readyAgain = ({ name, process }: Pick<Instance, 'name' | 'process'>): Promise<void> =>
  eventually(async () => {
    if ((await process.api.get('/health/ready')).status !== 200) throw new Error(`${name} is not ready again`);
  }, RECOVERY_MS);

/** While Postgres does not answer, and until all instances have been answered again, the bound of five seconds holds. */
async function withoutPostgres(grounds: Grounds, what: string, work: () => Promise<void>): Promise<void> {
  const hindrance = grounds.ledger.hinder(what);
  grounds.ledger.note(what);
  try {
    await work();
    await allReady(grounds);
  } finally {
    hindrance.toMs = performance.now();
    grounds.ledger.note(`${what}: over`);
  }
}

const postgresHangs: Fault = (grounds) => {
  const { postgres, chance } = grounds;
  const forMs = chance.pick([700, 2_500, 6_500]);
  return withoutPostgres(grounds, `Postgres hangs for ${forMs} ms`, async () => {
    postgres.pause();
    await setTimeout(forMs);
    postgres.resume();
  });
};

const postgresIsRestarted: Fault = (grounds) => {
  const { postgres, chance } = grounds;
  const forMs = chance.pick([0, 1_000, 5_500]);
  return withoutPostgres(grounds, `Postgres is restarted after ${forMs} ms`, async () => {
    await postgres.stop();
    await setTimeout(forMs);
    await postgres.restart();
  });
};

/** One backend is killed: Postgres ends all others, and recovers from its log. */
const postgresCrashes: Fault = (grounds) =>
  withoutPostgres(grounds, 'Postgres crashes', async () => {
    const { postgres, chance } = grounds;
    process.kill(Number(chance.pick(await connectionsOf(postgres))), 'SIGKILL');
    await eventually(() => onServer((query) => query('SELECT 1'), postgres.url), RECOVERY_MS);
  });

/** Postgres answers whoever connects anew, so the bound of one second holds all the while. */
const connectionsAreKilled: Fault = async ({ postgres, ledger, chance }) => {
  for (let times = chance.between(1, 3); times > 0; times -= 1) {
    const pids = (await connectionsOf(postgres)).filter(() => chance.next() < 0.6);
    ledger.note(`${pids.length} connections to Postgres are killed`);
    await onServer(
      (query) => query('SELECT pg_terminate_backend(pid) FROM unnest($1::integer[]) pid', [pids]),
      postgres.url,
    );
    await setTimeout(chance.between(300, 1_200));
  }
};

async function connectionsOf({ url }: PostgresUnderTest): Promise<string[]> {
  const found = await onServer(
    (query) =>
      query(
        `SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'gatehouse'`,
      ),
    url,
  );
  return found.map(({ pid = '' }) => pid);
}

const redisStops: Fault = async ({ redis, ledger, chance }) => {
  ledger.note('Redis stops');
  await redis.stop();
  await setTimeout(chance.between(1_000, 5_000));
  await redis.restart();
  ledger.note('Redis is back, empty');
};

const redisHangs: Fault = async ({ redis, ledger, chance }) => {
  ledger.note('Redis hangs');
  redis.pause();
  await setTimeout(chance.between(1_000, 5_000));
  redis.resume();
  ledger.note('Redis goes on');
};

const replaced =
  (signal: 'SIGKILL' | 'SIGTERM'): Fault =>
  async ({ instances, ledger, chance }) => {
    const gone = instances.pick(chance);
    ledger.note(`${gone.name} gets ${signal}`);
    if (signal === 'SIGTERM') await gone.process.stop();
    else await gone.process.kill(signal);
    await setTimeout(chance.between(0, 500));
    const { name } = await instances.replace(gone);
    ledger.note(`${name} is ready in its place`);
  };

/** It learns of nothing while it stands still, and comes back with what it knew. */
const instanceFreezes: Fault = async ({ instances, ledger, chance }) => {
  const { name, process } = instances.pick(chance);
  const forMs = chance.pick([400, 2_000, 4_500, 7_000]);
  const hindrance = ledger.hinder(`${name} freezes`, name);
  ledger.note(`${name} freezes for ${forMs} ms`);
  await process.kill('SIGSTOP');
  await setTimeout(forMs);
  await process.kill('SIGCONT');
  await readyAgain({ name, process });
  hindrance.toMs = performance.now();
  ledger.note(`${name} has gone on`);
};

/** It alone is cut off from Postgres: the others go on, and it may go by what it knew for five seconds. */
const instanceIsCutOff: Fault = async ({ instances, ledger, chance }) => {
  const { name, process, way } = instances.pick(chance);
  const [how, forMs] = [chance.pick(['freeze', 'cut'] as const), chance.pick([1_500, 7_000, 9_000])];
  const hindrance = ledger.hinder(`${name} is cut off`, name);
  ledger.note(`${name} is cut off from Postgres for ${forMs} ms (${how})`);
  await way[how]();
  await setTimeout(forMs);
  await way.mend();
  await readyAgain({ name, process });
  hindrance.toMs = performance.now();
  ledger.note(`${name} has its Postgres again`);
};

const clockMoves: Fault = async ({ instances, ledger, chance }) => {
  const { name, process }: Instance = instances.pick(chance);
  const offsetMs = chance.pick([2_000, -2_000]);
  ledger.note(`the clock of ${name} moves by ${offsetMs} ms`);
  process.moveClock(offsetMs);
  await setTimeout(chance.between(2_000, 6_000));
  process.moveClock(0);
  ledger.note(`the clock of ${name} moves back`);
};

const logHangs: Fault = async ({ instances, ledger, chance }) => {
  const { name, process } = instances.pick(chance);
  ledger.note(`nobody takes the log of ${name}`);
  process.leaveOutput();
  // A line each: enough to fill the pipe at once.
  for (let lines = 0; lines < LINES_OF_A_PIPE && process.isRunning; lines += 1) {
    await process.api.get('/nothing/here').catch(() => undefined);
  }
  await setTimeout(chance.between(3_000, 7_000));
  process.takeOutput();
  ledger.note(`the log of ${name} is taken again`);
};

/** One at a time: what a deployment rests on, and its processes. */
export const HEAVY: readonly Fault[] = [
  postgresHangs,
  postgresIsRestarted,
  postgresCrashes,
  connectionsAreKilled,
  connectionsAreKilled,
  replaced('SIGKILL'),
  replaced('SIGTERM'),
  instanceFreezes,
  instanceIsCutOff,
];

/** At the same time as those, one at a time. */
export const LIGHT: readonly Fault[] = [redisStops, redisHangs, clockMoves, logHangs];
