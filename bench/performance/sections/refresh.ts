import { loadAppConfig } from '../../../src/config/load-app-config.js';
import type { SoakedService } from '../../soak/soaked-service.js';
import { CONNECTIONS, warmUpSeconds } from '../bench.js';
import type { Bench } from '../bench.js';
import { withDeployment } from '../deployment.js';
import type { Deployment } from '../deployment.js';
import { runLoop } from '../loops/bare-loop.js';
import { fillSessions, refreshRequests } from '../refreshable-sessions.js';
import { inDigits } from '../results/figure.js';
import type { Figure, Measurement, Section } from '../results/figure.js';
import { interleaved } from '../rounds.js';
import type { Entrant } from '../rounds.js';
import { writtenBy } from '../rows-written.js';
import { median, ratios } from '../statistics.js';
import { loaded } from './guarded.js';

const [SESSIONS, REFRESHABLE] = [10_000, 2_000];

interface Refreshed {
  readonly done: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

const perSecond = ({ done, seconds }: Refreshed): number => done / seconds;

/** Refreshes by HTTP, for a round. */
async function served(
  bench: Bench,
  { databaseUrl, environment }: Deployment,
  instance: SoakedService,
  ids: readonly string[],
  duration?: number,
): Promise<Refreshed> {
  const requests = await refreshRequests(databaseUrl, environment, ids);
  const { answered, seconds, serverCpuMs } = await loaded(bench, instance, requests, duration);
  return { done: answered, seconds, cpuMs: serverCpuMs };
}

interface Contest {
  readonly entrants: readonly Entrant<Refreshed>[];
  /** Each of Gatehouse's sessions once: then nothing is under way when it is over. */
  readonly refreshEachOnce: () => Promise<Refreshed>;
}

async function contest(bench: Bench, deployment: Deployment): Promise<Contest> {
  const { databaseUrl, environment } = deployment;
  const ids = await fillSessions(databaseUrl, environment, { sessions: SESSIONS, refreshable: REFRESHABLE });
  // Each has its own: the loop would spend the tokens of the other.
  const [bare, ours] = [ids.slice(0, REFRESHABLE / 2), ids.slice(REFRESHABLE / 2)];
  const loop = deployment.loop(['bench/run.mjs', 'performance/loops/refresh-sql']);
  const instance = await deployment.instance(bench.nodeOptions);
  const connections = loadAppConfig(environment).database.poolSize;
  const job = { databaseUrl, connections, atOnce: CONNECTIONS, ids: bare };
  const over = (name: string, refreshFor: (seconds: number) => Promise<Refreshed>): Entrant<Refreshed> => ({
    name,
    run: () => refreshFor(bench.seconds),
    warmUp: () => refreshFor(warmUpSeconds(bench)),
  });
  return {
    entrants: [
      over('bare loop of the same SQL', (seconds) => runLoop(loop, seconds, job)),
      over('Gatehouse, refresh', (seconds) => served(bench, deployment, instance, ours, seconds)),
    ],
    refreshEachOnce: () => served(bench, deployment, instance, ours),
  };
}

/** What Postgres has written for it. */
async function rowFigures(databaseUrl: string, refreshEachOnce: () => Promise<Refreshed>): Promise<readonly Figure[]> {
  const { result, written } = await writtenBy(databaseUrl, refreshEachOnce);
  const each = (rows: number): readonly number[] => [rows / result.done];
  const added = each(written.inserted + written.deleted);
  return [
    { name: 'rows updated by one', unit: 'rows', samples: each(written.updated), goal: { is: 'at most', value: 1.01 } },
    { name: 'rows added or deleted by one', unit: 'rows', samples: added, goal: { is: 'at most', value: 0.01 } },
  ];
}

const measurementOf = (name: string, runs: readonly Refreshed[]): Measurement => ({
  name,
  unit: 'refreshes/s',
  samples: runs.map(perSecond),
  details: { 'CPU of the process, µs each': inDigits(median(runs.map(({ cpuMs, done }) => (cpuMs * 1000) / done))) },
});

/** Refreshes, beside their own two statements. */
export const measureRefresh = (bench: Bench): Promise<Section> =>
  withDeployment(bench.settings, async (deployment) => {
    const { databaseUrl, environment } = deployment;
    const { entrants, refreshEachOnce } = await contest(bench, deployment);
    const results = await interleaved(entrants, bench.rounds, (run) => `${inDigits(perSecond(run))} refreshes/s`);
    const measurements = entrants.map(({ name }, index) => measurementOf(name, results[index] ?? []));
    const [bare = [], ours = []] = measurements.map(({ samples }) => samples);
    const pool = loadAppConfig(environment).database.poolSize;
    const goal = { is: 'at least', value: 0.45, aim: 0.6 } as const;
    return {
      key: 'refresh',
      title: 'Refresh',
      how:
        `\`POST /api/refresh\`, access token (ES256) and refresh token signed anew each time, ${CONNECTIONS} kept connections, among ` +
        `${inDigits(SESSIONS)} sessions. Beside it, in a process of its own, the same two statements from the service’s code by node-postgres ` +
        `alone, ${CONNECTIONS} at once; both have ${pool} connections to the same Postgres. Rows written are those of all tables while each of a ` +
        'thousand sessions is refreshed once more, with what the service writes of its own accord.',
      measurements,
      figures: [
        { name: 'refresh', unit: 'of the bare loop', samples: ratios(ours, bare), goal },
        ...(bench.isQuick ? [] : await rowFigures(databaseUrl, refreshEachOnce)),
      ],
    };
  });
