import type { SoakedService } from '../../soak/soaked-service.js';
import { guardedRequest, signAccessTokens } from '../access-tokens.js';
import { CONNECTIONS, warmUpSeconds } from '../bench.js';
import type { Bench } from '../bench.js';
import { withDeployment } from '../deployment.js';
import type { Deployment } from '../deployment.js';
import type { Load, Sent } from '../load/load-generator.js';
import { inDigits } from '../results/figure.js';
import type { Measurement, Section } from '../results/figure.js';
import { interleaved } from '../rounds.js';
import type { Entrant } from '../rounds.js';
import { median, ratios } from '../statistics.js';

/** 600 requests a minute are allowed to each: 1,200,000 to all of them. */
const USERS = 2_000;

/** An answer to a load, with what the server spent on it. */
export interface Answered extends Load {
  readonly serverCpuMs: number;
}

/** Has the generator load a server, and looks at its processor's time before and after. */
export async function loaded(
  { generator }: Bench,
  { url, process }: SoakedService,
  requests: readonly Sent[],
  seconds?: number,
): Promise<Answered> {
  const before = process.cpuMs;
  const load = await generator.send({ url, connections: CONNECTIONS, requests, seconds, awake: true });
  return { ...load, serverCpuMs: process.cpuMs - before };
}

const perSecond = ({ answered, seconds }: Load): number => answered / seconds;
const each = (loads: readonly Answered[], of: (load: Answered) => number): number =>
  median(loads.map((load) => of(load) / load.answered));

const measurementOf = (name: string, loads: readonly Answered[]): Measurement => ({
  name,
  unit: 'requests/s',
  samples: loads.map(perSecond),
  details: {
    'p50 ms': inDigits(median(loads.map(({ p50Ms }) => p50Ms))),
    'p99 ms': inDigits(median(loads.map(({ p99Ms }) => p99Ms))),
    "server's CPU, µs each": inDigits(each(loads, ({ serverCpuMs }) => serverCpuMs * 1000)),
    "generator's CPU, µs each": inDigits(each(loads, ({ cpuMs }) => cpuMs * 1000)),
    'bytes an answer': inDigits(each(loads, ({ bytes }) => bytes)),
  },
});

/** The article's own token, from its own sign-in. */
async function articleToken(url: string): Promise<string> {
  const call = async (path: string): Promise<Response> =>
    fetch(new URL(path, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'reader@example.com', password: 'violet harbour thirty lanterns' }),
    });
  await (await call('/api/register')).arrayBuffer();
  return ((await (await call('/api/login')).json()) as { accessToken: string }).accessToken;
}

/** Each of its tokens is sent once, on an instance of its own: what is never seen again would push out what is. */
async function neverSeen(bench: Bench, deployment: Deployment): Promise<Entrant<Answered>> {
  const instance = await deployment.instance(bench.nodeOptions);
  const send = async (count: number): Promise<Answered> => {
    const tokens = await signAccessTokens(deployment.environment, count);
    return loaded(bench, instance, tokens.map(guardedRequest));
  };
  let rate = perSecond(await send(USERS));
  return {
    name: 'Gatehouse, token never seen before',
    run: () => send(Math.ceil(rate * bench.seconds)),
    warmUp: async () => {
      rate = perSecond(await send(Math.ceil(rate * warmUpSeconds(bench))));
    },
  };
}

async function entrants(bench: Bench, deployment: Deployment): Promise<readonly Entrant<Answered>[]> {
  const tokens = await signAccessTokens(deployment.environment, USERS);
  const known = tokens.map(guardedRequest);
  const over = (name: string, server: SoakedService, requests: readonly Sent[]): Entrant<Answered> => ({
    name,
    run: () => loaded(bench, server, requests, bench.seconds),
    warmUp: async () => {
      // Each of them once: that it has been seen is part of the contest.
      await loaded(bench, server, requests);
      await loaded(bench, server, requests, warmUpSeconds(bench));
    },
  });
  const article = await deployment.contestant('article-express.mjs');
  const token = guardedRequest(await articleToken(article.url));
  const alike = Array.from({ length: CONNECTIONS }, () => token);
  return [
    over('raw node:http', await deployment.contestant('raw-node-http.mjs'), known),
    over('raw Fastify', await deployment.contestant('raw-fastify.mjs'), known),
    over('Nest on Fastify, nothing on the route', await deployment.contestant('bare-nest.mjs'), known),
    over('Gatehouse, token seen before', await deployment.instance(bench.nodeOptions), known),
    await neverSeen(bench, deployment),
    over('the article: Express, jsonwebtoken, HS256', article, alike),
  ];
}

/** The guarded route of the built service, beside the least and the usual that a server does. */
export const measureGuarded = (bench: Bench): Promise<Section> =>
  withDeployment(bench.settings, async (deployment) => {
    const all = await entrants(bench, deployment);
    const tell = (load: Answered): string => `${inDigits(perSecond(load))} requests/s`;
    const results = await interleaved(all, bench.rounds, tell);
    const measurements = all.map(({ name }, index) => measurementOf(name, results[index] ?? []));
    const [, fastify = [], , seen = [], unseen = [], article = []] = measurements.map(({ samples }) => samples);
    const raw = 'of raw Fastify';
    return {
      key: 'guarded',
      title: 'Guarded requests',
      how:
        `\`GET /api/protected\`, ES256, ${CONNECTIONS} kept connections, rounds of ${bench.seconds} s after a warm-up. All servers are ` +
        'started with the same flags, allocator settings and `NODE_ENV=production`, and answer the same JSON; the raw ones and ' +
        `Nest alone look at no token and add no header. Gatehouse runs with its limits on: the tokens are of ${inDigits(USERS)} users, and the raw servers ` +
        'get the very same requests. Tokens never seen before are signed ahead by the service’s own code and sent once each. ' +
        'Its log is on, as in production, and goes to /dev/null. The generator, the same process for all, takes one of the cores and never sleeps: ' +
        'on a virtual machine a server would pay for waking it, the slower the more often.',
      measurements,
      figures: [
        {
          name: 'token seen before',
          unit: raw,
          samples: ratios(seen, fastify),
          goal: { is: 'at least', value: 0.5, aim: 0.6 },
        },
        {
          name: 'token never seen before',
          unit: raw,
          samples: ratios(unseen, fastify),
          goal: { is: 'at least', value: 0.15, aim: 0.2 },
        },
        {
          name: 'token seen before, beside the article',
          unit: '× its throughput',
          samples: ratios(seen, article),
          goal: { is: 'at least', value: 10, aim: 15 },
        },
      ],
    };
  });
