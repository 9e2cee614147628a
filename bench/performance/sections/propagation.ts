import { setTimeout } from 'node:timers/promises';
import { Chance } from '../../../test/support/chance.js';
import { signIn, someAddress, tokensIn } from '../../soak/people.js';
import { Wire } from '../../soak/wire.js';
import { openAccounts } from '../accounts.js';
import type { Bench } from '../bench.js';
import { withDeployment } from '../deployment.js';
import { inDigits } from '../results/figure.js';
import type { Figure, Measurement, Section } from '../results/figure.js';
import { say } from '../../run-benchmark.js';
import { quantile } from '../statistics.js';

/** A 99th percentile of fewer says nothing. */
const REVOCATIONS_A_ROUND = 40;
/** A poll has a phase, which a fixed rhythm could always meet alike. */
const [PAUSE_MS, BETWEEN_ASKS_MS, GIVEN_UP_MS] = [500, 2, 5_000];

const askOn = async (wire: Wire, token: string): Promise<number> =>
  (await wire.send({ method: 'GET', path: '/api/protected', from: '198.51.100.7', token })).status;

interface Pair {
  readonly here: Wire;
  readonly there: Wire;
  readonly emails: readonly string[];
  readonly chance: Chance;
}

/** @returns from the answer of the sign-out on one instance to the first refusal on the other, in milliseconds */
async function revokeOnce({ here, there, chance, emails }: Pair): Promise<number> {
  const from = someAddress(chance);
  // Of many: a user's requests are limited, and there are hundreds.
  const { accessToken: token } = tokensIn(await signIn(here, { email: chance.pick(emails), ip: from }));
  if ((await askOn(there, token)) !== 200) throw new Error('a token just issued is refused');
  await setTimeout(chance.between(0, PAUSE_MS));
  const { status } = await here.send({ method: 'POST', path: '/api/logout', from, token });
  const answeredAt = performance.now();
  if (status !== 204) throw new Error(`the sign-out answered ${status}`);
  for (let answer = await askOn(there, token); answer !== 401; answer = await askOn(there, token)) {
    if (answer !== 200) throw new Error(`the other instance answered ${answer}`);
    if (performance.now() - answeredAt > GIVEN_UP_MS) throw new Error(`not refused within ${GIVEN_UP_MS} ms`);
    await setTimeout(BETWEEN_ASKS_MS);
  }
  return performance.now() - answeredAt;
}

/** @returns of each round, the delays in milliseconds */
async function delays(pair: Pair, rounds: number, what: string): Promise<readonly (readonly number[])[]> {
  await revokeOnce(pair);
  const measured: (readonly number[])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const times: number[] = [];
    for (let number = 0; number < REVOCATIONS_A_ROUND; number += 1) times.push(await revokeOnce(pair));
    measured.push(times);
    say(`  ${round + 1}/${rounds} ${what}: p99 ${inDigits(quantile(times, 0.99))} ms`);
  }
  return measured;
}

/** Two instances of their own, for as long as it takes. */
const measuredPair = (bench: Bench, pooler: 'session' | 'transaction'): Promise<readonly (readonly number[])[]> =>
  withDeployment({ ...bench.settings, DATABASE_POOLER: pooler }, async (deployment) => {
    const [first, second] = [await deployment.instance(), await deployment.instance()];
    const [here, there] = [new Wire(first.url, 2), new Wire(second.url, 2)];
    try {
      const emails = await openAccounts(deployment.databaseUrl);
      const pair = { here, there, emails, chance: new Chance(1) };
      return await delays(pair, bench.rounds, `DATABASE_POOLER=${pooler}`);
    } finally {
      here.close();
      there.close();
    }
  });

const p99 = (name: string, times: readonly (readonly number[])[], most: number): Figure => ({
  name,
  unit: 'ms at the 99th percentile',
  // Of all together: the rounds are too short to have one each.
  samples: [quantile(times.flat(), 0.99)],
  goal: { is: 'at most', value: most },
});

const measurementOf = (name: string, times: readonly (readonly number[])[]): Measurement => ({
  name,
  unit: 'ms at the median',
  samples: times.map((round) => quantile(round, 0.5)),
  details: {
    'p99 ms': inDigits(quantile(times.flat(), 0.99)),
    'the longest, ms': inDigits(quantile(times.flat(), 1)),
    revocations: String(times.flat().length),
  },
});

/** How soon one instance refuses what another has revoked. */
export async function measurePropagation(bench: Bench): Promise<Section> {
  const notified = await measuredPair(bench, 'session');
  const polled = await measuredPair(bench, 'transaction');
  return {
    key: 'propagation',
    title: 'Revocation on another instance',
    how:
      'Two instances on one Postgres: a session is signed out on one, and the other is asked for the guarded route with its token every ' +
      `${BETWEEN_ASKS_MS} ms until it refuses. Counted from the answer to the sign-out to the answer that refuses; ${REVOCATIONS_A_ROUND} revocations a ` +
      'round, at moments of no rhythm. By polling alone is DATABASE_POOLER=transaction, where nobody listens.',
    measurements: [
      measurementOf('Gatehouse, with NOTIFY', notified),
      measurementOf('Gatehouse, by polling alone', polled),
    ],
    figures: [p99('with NOTIFY', notified, 50), p99('by polling alone', polled, 1_000)],
  };
}
