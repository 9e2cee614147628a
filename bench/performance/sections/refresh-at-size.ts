import type { Bench } from '../bench.js';
import { Deployment } from '../deployment.js';
import type { Load } from '../load/load-generator.js';
import { fillSessions, refreshRequests } from '../refreshable-sessions.js';
import { inDigits } from '../results/figure.js';
import type { Section } from '../results/figure.js';
import { interleaved } from '../rounds.js';
import type { Entrant } from '../rounds.js';
import { median, ratios } from '../statistics.js';

const FEW = 1_000;
/** From all over the table, so that what is asked for is not in the caches because it was asked for before. */
const REFRESHABLE = 20_000;
/** Fewer than are needed to have it wait for itself. */
const AT_ONCE = 8;

/** Refreshes among so many sessions. */
async function among(bench: Bench, deployment: Deployment, sessions: number): Promise<Entrant<Load>> {
  const { databaseUrl, environment } = deployment;
  const ids = await fillSessions(databaseUrl, environment, { sessions, refreshable: Math.min(sessions, REFRESHABLE) });
  const { url } = await deployment.instance(bench.nodeOptions);
  return {
    name: `Gatehouse, refresh among ${sessions.toLocaleString('en')} sessions`,
    run: async () => {
      const requests = await refreshRequests(databaseUrl, environment, ids);
      return bench.generator.send({ url, connections: AT_ONCE, requests, seconds: bench.seconds });
    },
  };
}

/** Refreshes among few sessions and among many. */
export async function measureRefreshAtSize(bench: Bench): Promise<Section> {
  const [small, large] = [await Deployment.open(bench.settings), await Deployment.open(bench.settings)];
  try {
    const all = [await among(bench, small, FEW), await among(bench, large, bench.many)];
    const results = await interleaved(all, bench.rounds, ({ p50Ms }) => `p50 ${inDigits(p50Ms)} ms`);
    const [few = [], many = []] = results.map((loads) => loads.map(({ p50Ms }) => p50Ms));
    return {
      key: 'refresh-at-size',
      title: 'Refresh among many sessions',
      how:
        `\`POST /api/refresh\` on ${AT_ONCE} kept connections, in turn on two instances with a Postgres each: one holds ${inDigits(FEW)} sessions, the ` +
        `other ${inDigits(bench.many)}, of which ${inDigits(REFRESHABLE)} from all over the table are refreshed.`,
      measurements: all.map(({ name }, index) => ({
        name,
        unit: 'ms at the median',
        samples: (results[index] ?? []).map(({ p50Ms }) => p50Ms),
        details: {
          'p99 ms': inDigits(median((results[index] ?? []).map(({ p99Ms }) => p99Ms))),
          'refreshes/s': inDigits(median((results[index] ?? []).map(({ answered, seconds }) => answered / seconds))),
        },
      })),
      figures: [
        {
          name: `p50 at ${inDigits(bench.many)}`,
          unit: `× that at ${inDigits(FEW)}`,
          samples: ratios(many, few),
          goal: { is: 'at most', value: 1.15 },
        },
      ],
    };
  } finally {
    await Promise.all([small.close(), large.close()]);
  }
}
