import { connected } from '../../bench-database.js';
import { idleMemory } from '../../soak/idle-memory.js';
import { guardedRequest, signAccessTokens } from '../access-tokens.js';
import { warmUpSeconds } from '../bench.js';
import type { Bench } from '../bench.js';
import { Deployment } from '../deployment.js';
import { inDigits } from '../results/figure.js';
import type { Measurement, Section } from '../results/figure.js';
import { say } from '../../run-benchmark.js';
import { interleaved } from '../rounds.js';
import type { Entrant } from '../rounds.js';
import { median, ratios } from '../statistics.js';
import { loaded } from './guarded.js';
import type { Answered } from './guarded.js';

const [USERS, MEGABYTE] = [2_000, 2 ** 20];

/** As many sessions ended within the hour. */
async function fillFeed(databaseUrl: string, entries: number): Promise<void> {
  await connected(databaseUrl, async (client) => {
    await client.query(
      `INSERT INTO revocations (kind, subject, appended_at, expires_at)
       SELECT 'session', gen_random_uuid()::text, now(), now() + interval '70 minutes' FROM generate_series(1, $1::integer)`,
      [entries],
    );
    await client.query('VACUUM (ANALYZE) revocations');
  });
}

interface Held {
  readonly rss: number;
  readonly readyAfterMs: readonly number[];
  readonly readyCpuMs: readonly number[];
  readonly send: (seconds?: number) => Promise<Answered>;
}

/** Starts several times, for how long it takes, and keeps the last. */
async function started(bench: Bench, deployment: Deployment): Promise<Held> {
  const tokens = await signAccessTokens(deployment.environment, USERS);
  const instances = [await deployment.instance()];
  while (instances.length < bench.rounds) {
    await instances.at(-1)?.process.stop();
    instances.push(await deployment.instance());
  }
  const [instance = await deployment.instance()] = instances.slice(-1);
  const readyAfterMs = instances.map(({ process }) => process.readyAfterMs);
  const readyCpuMs = instances.map(({ process }) => process.readyCpuMs);
  const { rss } = await idleMemory(instance.process);
  say(`  ready after ${inDigits(median(readyAfterMs))} ms, ${inDigits(rss / MEGABYTE)} MiB`);
  return {
    rss,
    readyAfterMs,
    readyCpuMs,
    send: () => loaded(bench, instance, tokens.map(guardedRequest), bench.seconds),
  };
}

const perSecond = ({ answered, seconds }: Answered): number => answered / seconds;

const entrantOf = (name: string, { send }: Held, bench: Bench): Entrant<Answered> => ({
  name,
  run: () => send(bench.seconds),
  warmUp: async () => {
    // Each token once, so that all of them have been seen.
    await send();
    await send(warmUpSeconds(bench));
  },
});

const measurementOf = (
  name: string,
  { rss, readyAfterMs, readyCpuMs }: Held,
  loads: readonly Answered[],
): Measurement => ({
  name,
  unit: 'requests/s',
  samples: loads.map(perSecond),
  details: {
    "server's CPU, µs each": inDigits(
      median(loads.map(({ serverCpuMs, answered }) => (serverCpuMs * 1000) / answered)),
    ),
    'idle, MiB': inDigits(rss / MEGABYTE),
    'ready after, ms': inDigits(median(readyAfterMs)),
    'CPU until then, ms': inDigits(median(readyCpuMs)),
  },
});

/** The guard with much to look through, beside one with nothing. */
export async function measureDenylist(bench: Bench): Promise<Section> {
  const [without, filled] = [await Deployment.open(bench.settings), await Deployment.open(bench.settings)];
  try {
    await fillFeed(filled.databaseUrl, bench.many);
    const [empty, full] = [await started(bench, without), await started(bench, filled)];
    const entrants = [
      entrantOf('Gatehouse, empty denylist', empty, bench),
      entrantOf(`Gatehouse, ${bench.many.toLocaleString('en')} entries`, full, bench),
    ];
    const results = await interleaved(entrants, bench.rounds, (load) => `${inDigits(perSecond(load))} requests/s`);
    const [none = [], many = []] = results;
    const longer = full.readyAfterMs.map((ms) => (ms - median(empty.readyAfterMs)) / 1000);
    return {
      key: 'denylist',
      title: `A denylist of ${inDigits(bench.many)} entries`,
      how:
        '`GET /api/protected` with tokens seen before, in turn on two instances with a Postgres each: one has no revocation to remember, the ' +
        'other so many sessions that ended within the hour. What it takes to load them is how much later that one is ready; what they hold ' +
        'is how much more is resident, idle, after a collection.',
      measurements: entrants.map(({ name }, index) =>
        measurementOf(name, index === 0 ? empty : full, results[index] ?? []),
      ),
      figures: [
        {
          name: 'guarded GET',
          unit: 'of that with an empty one',
          samples: ratios(many.map(perSecond), none.map(perSecond)),
          goal: { is: 'at least', value: 0.95 },
        },
        {
          name: 'memory',
          unit: 'MiB',
          samples: [(full.rss - empty.rss) / MEGABYTE],
          goal: { is: 'at most', value: 120 },
        },
        { name: 'loaded in', unit: 's', samples: longer, goal: { is: 'at most', value: 3 } },
      ],
    };
  } finally {
    await Promise.all([without.close(), filled.close()]);
  }
}
