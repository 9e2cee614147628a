import { availableParallelism } from 'node:os';
import { loadAppConfig } from '../../../src/config/load-app-config.js';
import { ADMIN } from '../../soak/soaked-service.js';
import { forwardedFrom } from '../access-tokens.js';
import { openAccounts } from '../accounts.js';
import type { Bench } from '../bench.js';
import { withDeployment } from '../deployment.js';
import type { Deployment } from '../deployment.js';
import type { Sent } from '../load/load-generator.js';
import { runLoop } from '../loops/bare-loop.js';
import { inDigits } from '../results/figure.js';
import type { Section } from '../results/figure.js';
import { interleaved } from '../rounds.js';
import { median, ratios } from '../statistics.js';

/** Who sign in without pause: fewer than what the queue of hashes holds. */
export const CLIENTS = 16;

/** A sign-in of each of many accounts, from a network of its own. */
export async function signIns(databaseUrl: string): Promise<readonly Sent[]> {
  const emails = await openAccounts(databaseUrl);
  return emails.map((email, index) => ({
    method: 'POST',
    path: '/api/login',
    headers: { 'content-type': 'application/json', ...forwardedFrom(`10.1.${index >> 8}.${index & 255}`) },
    body: JSON.stringify({ email, password: ADMIN.password }),
  }));
}

interface Run {
  readonly done: number;
  readonly seconds: number;
}
const perSecond = ({ done, seconds }: Run): number => done / seconds;

async function rounds(bench: Bench, deployment: Deployment): Promise<readonly (readonly Run[])[]> {
  const { hashConcurrency, argon2MemoryKiB, argon2Time } = loadAppConfig(deployment.environment).passwords;
  const loop = deployment.loop(['bench/performance/loops/argon2.mjs']);
  const job = { atOnce: hashConcurrency, memoryKiB: argon2MemoryKiB, passes: argon2Time };
  const { url } = await deployment.instance(bench.nodeOptions);
  const requests = await signIns(deployment.databaseUrl);
  const entrants = [
    { name: 'bare loop of argon2', run: (): Promise<Run> => runLoop(loop, bench.seconds, job) },
    {
      name: 'Gatehouse, sign-in',
      run: async (): Promise<Run> => {
        const load = await bench.generator.send({ url, connections: CLIENTS, requests, seconds: bench.seconds });
        return { done: load.answered, seconds: load.seconds };
      },
    },
  ];
  return interleaved(entrants, bench.rounds, (run) => `${inDigits(perSecond(run))} a second`);
}

/** Sign-ins, beside the password hash that they cannot do without. */
export const measureSignIn = (bench: Bench): Promise<Section> =>
  withDeployment(bench.settings, async (deployment) => {
    const [bare = [], ours = []] = (await rounds(bench, deployment)).map((runs) => runs.map(perSecond));
    const { hashConcurrency, argon2MemoryKiB, argon2Time } = loadAppConfig(deployment.environment).passwords;
    return {
      key: 'sign-in',
      title: 'Sign-in',
      how:
        `\`POST /api/login\` by ${CLIENTS} clients without pause, each time another of many accounts, with all that a sign-in does: counters, ` +
        'session, event, tokens. Beside it, in a process of its own, argon2id alone with the same ' +
        `parameters (m=${argon2MemoryKiB}, t=${argon2Time}, p=1), ${hashConcurrency} at once as HASH_CONCURRENCY says, and the same allocator settings and ` +
        `threads (UV_THREADPOOL_SIZE is not set in either; ${availableParallelism()} cores).`,
      measurements: [
        {
          name: 'bare loop of argon2',
          unit: 'hashes/s',
          samples: bare,
          details: { 'ms each, on average': inDigits((hashConcurrency * 1000) / median(bare)) },
        },
        { name: 'Gatehouse, sign-in', unit: 'sign-ins/s', samples: ours, details: {} },
      ],
      figures: [
        {
          name: 'sign-in',
          unit: 'of the bare argon2 loop',
          samples: ratios(ours, bare),
          goal: { is: 'at least', value: 0.85, aim: 0.95 },
        },
      ],
    };
  });
