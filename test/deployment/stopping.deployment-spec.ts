import { eventually } from '../support/eventually.js';
import { Measured } from '../support/measured.js';
import { PROXIES, ProxiedFleet } from '../support/proxied-fleet.js';
import type { Tokens } from '../support/api.js';
import type { HttpsApi } from '../support/https-api.js';
import { ADMIN } from '../support/test-app.js';

jest.setTimeout(120_000);

/** Of each kind. */
const LANES = 4;
/** Requests that have to be answered before and after each stop. */
const ENOUGH = 100;

type Ask = () => Promise<{ readonly status: number; readonly text: string }>;

interface Load {
  answered(): number;
  /** Ends it; tells what went wrong. */
  end(): Promise<string[]>;
}

/** Asks without a break, as several clients do, each one request after the other. */
function load(api: HttpsApi, asks: readonly Ask[], what: string): Load {
  const failures: string[] = [];
  const waits = new Measured(what);
  let over = false;
  const lanes = asks.map(async (ask, lane) => {
    while (!over) {
      const startedAt = performance.now();
      try {
        const { status, text } = await ask();
        if (status !== 200) failures.push(`lane ${lane}: ${status} ${text.slice(0, 200)}`);
      } catch (error) {
        failures.push(`lane ${lane}: ${String(error)}`);
      }
      waits.add(performance.now() - startedAt);
    }
  });
  return {
    answered: () => waits.count,
    end: async () => {
      over = true;
      await Promise.all(lanes);
      waits.print();
      api.close();
      return failures;
    },
  };
}

const refreshing = (api: HttpsApi, { refreshToken }: Tokens): Ask => {
  let current = refreshToken;
  return async () => {
    const answer = await api.refresh(current);
    if (answer.status === 200) current = answer.body.refreshToken;
    return answer;
  };
};

describe.each(PROXIES)('an instance behind %s', (name) => {
  let proxied: ProxiedFleet;

  beforeEach(async () => {
    proxied = await ProxiedFleet.start();
  });
  afterEach(() => proxied.end());

  /** What comes to the same when a proxy repeats it, and so may be under way as an instance ends. */
  const lanesOf = async (api: HttpsApi): Promise<Ask[]> => {
    const { accessToken } = await api.signIn(ADMIN);
    const asks: Ask[] = [];
    for (let lane = 0; lane < LANES; lane += 1) {
      asks.push(() => api.get('/api/protected', accessToken));
      asks.push(refreshing(api, await api.signIn(ADMIN)));
    }
    return asks;
  };
  const more = (running: Load): Promise<void> => {
    const before = running.answered();
    return eventually(() => {
      expect(running.answered()).toBeGreaterThan(before + ENOUGH);
    }, 20_000);
  };

  it.each([
    { how: 'is told to stop', signal: 'SIGTERM' },
    { how: 'is killed', signal: 'SIGKILL' },
  ] as const)('that $how under load costs no client an answer', async ({ signal }) => {
    const api = proxied.through(name);
    const running = load(api, await lanesOf(api), `${name}, ${signal}: requests`);
    await more(running);
    for (const member of proxied.members.slice(0, 2)) {
      await member.kill(signal);
      await more(running);
    }
    expect(await running.end()).toEqual([]);
  });
});
