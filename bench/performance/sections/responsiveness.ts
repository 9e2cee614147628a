import { guardedRequest, signAccessTokens } from '../access-tokens.js';
import type { Bench } from '../bench.js';
import { withDeployment } from '../deployment.js';
import type { Paced } from '../load/load-generator.js';
import { inDigits } from '../results/figure.js';
import type { Measurement, Section } from '../results/figure.js';
import { interleaved } from '../rounds.js';
import type { Entrant } from '../rounds.js';
import { median, quantile, ratios } from '../statistics.js';
import { CLIENTS, signIns } from './sign-in.js';

const [PER_SECOND, USERS] = [200, 200];
/** A 99th percentile of fewer than a thousand says little. */
const LEAST_SECONDS = 5;
const BESIDE_SECONDS = 1;

const p99 = ({ latenciesMs }: Paced): number => quantile(latenciesMs, 0.99);

async function entrantsOf(
  bench: Bench,
  url: string,
  tokens: readonly string[],
  databaseUrl: string,
): Promise<readonly Entrant<Paced>[]> {
  const seconds = Math.max(bench.seconds, LEAST_SECONDS);
  const paced = { url, perSecond: PER_SECOND, seconds, requests: tokens.map(guardedRequest) };
  const requests = await signIns(databaseUrl);
  const beside = async (): Promise<Paced> => {
    const load = bench.generator.send({ url, connections: CLIENTS, requests, seconds: seconds + 2 * BESIDE_SECONDS });
    // Without pause: not only once the first of them are under way.
    const [result] = await Promise.all([bench.generator.sendPaced(paced), load]);
    return result;
  };
  return [
    { name: 'Gatehouse, guarded', run: () => bench.generator.sendPaced(paced) },
    { name: `Gatehouse, guarded, beside ${CLIENTS} who sign in`, run: beside },
  ];
}

const measurementOf = (name: string, runs: readonly Paced[]): Measurement => ({
  name,
  unit: 'ms at the 99th percentile',
  samples: runs.map(p99),
  details: {
    'p50 ms': inDigits(median(runs.map(({ latenciesMs }) => quantile(latenciesMs, 0.5)))),
    'the longest, ms': inDigits(Math.max(...runs.map(({ latenciesMs }) => quantile(latenciesMs, 1)))),
    "generator's own lateness, p99 ms": inDigits(median(runs.map(({ latenessMs }) => quantile(latenessMs, 0.99)))),
    unanswered: String(runs.reduce((sum, { unanswered }) => sum + unanswered, 0)),
  },
});

/** How long guarded requests take while others sign in. */
export const measureResponsiveness = (bench: Bench): Promise<Section> =>
  withDeployment(bench.settings, async (deployment) => {
    const { url } = await deployment.instance(bench.nodeOptions);
    const tokens = await signAccessTokens(deployment.environment, USERS);
    const all = await entrantsOf(bench, url, tokens, deployment.databaseUrl);
    const results = await interleaved(all, bench.rounds, (run) => `p99 ${inDigits(p99(run))} ms`);
    const [alone = [], beside = []] = results;
    const unanswered = results.flat().reduce((sum, run) => sum + run.unanswered, 0);
    return {
      key: 'responsiveness',
      title: 'Guarded requests while others sign in',
      how:
        `\`GET /api/protected\` ${PER_SECOND} times a second whatever becomes of those before, each timed from the moment at which it was due; ` +
        `without anybody beside, and while ${CLIENTS} clients sign in without pause. The generator has a higher priority than the rest where it ` +
        'may, since clients are on other machines; its own lateness is in the figures and told.',
      measurements: all.map(({ name }, index) => measurementOf(name, results[index] ?? [])),
      figures: [
        {
          name: 'p99 beside sign-ins',
          unit: '× that without',
          samples: ratios(beside.map(p99), alone.map(p99)),
          goal: { is: 'at most', value: 3, aim: 2 },
        },
        { name: 'unanswered', unit: 'requests', samples: [unanswered], goal: { is: 'at most', value: 0 } },
      ],
    };
  });
