import type { Answer } from '../support/api.js';
import { makeCertificate } from '../support/certificate.js';
import { eventually } from '../support/eventually.js';
import { Fleet } from '../support/fleet.js';
import { freePort } from '../support/free-port.js';
import { Measured } from '../support/measured.js';
import { ABLE_TO_BE_AWAY, onRedis, WAYS_TO_BE_AWAY } from '../support/redis-away.js';
import { RedisUnderTest } from '../support/redis-under-test.js';
import type { ServerProcess } from '../support/server-process.js';
import { ADMIN } from '../support/test-app.js';

jest.setTimeout(90_000);

const QUOTA = 10;
const WINDOW_MS = 60_000;
/** What Redis may hold a request up for, on a machine that does much else. */
const HELD_UP_MS = 500;
const ENV = { RATE_LIMIT: 'on', TRUST_PROXY: '1', LOG_LEVEL: 'warn' };

let clients = 0;
const freshClient = (): string => `198.51.100.${(clients += 1)}`;

/** Malformed, but counted before that: ten a minute for each client. */
const ask = ({ api }: ServerProcess, client: string): Promise<Answer> =>
  api.send('POST', '/api/register', { json: {}, headers: { 'x-forwarded-for': client } });

/** Asks one instance after the other; none may fail otherwise than by the limit. */
async function passing(members: readonly ServerProcess[], client: string, perMember = 2 * QUOTA): Promise<number> {
  let passed = 0;
  for (let round = 0; round < perMember; round += 1) {
    for (const member of members) {
      const { status, text } = await ask(member, client);
      if (status !== 400 && status !== 429) throw new Error(`an instance answered ${status}: ${text}`);
      if (status === 400) passed += 1;
    }
  }
  return passed;
}

const metricsPorts = new Map<ServerProcess, number>();

/** Starts an instance whose metrics are known to `eventuallyCount`. */
async function addTo(fleet: Fleet): Promise<ServerProcess> {
  const port = await freePort();
  const member = await fleet.add({ METRICS_PORT: String(port) });
  metricsPorts.set(member, port);
  return member;
}

async function startFleet(size: number, env: Readonly<Record<string, string>>): Promise<Fleet> {
  const port = await freePort();
  const fleet = await Fleet.start(1, { ...ENV, ...env, METRICS_PORT: String(port) });
  metricsPorts.set(fleet.at(0), port);
  try {
    for (let each = 1; each < size; each += 1) await addTo(fleet);
    return fleet;
  } catch (error) {
    await fleet.end();
    throw error;
  }
}

/** Waits until the metric says how instances count. */
const eventuallyCount = (members: readonly ServerProcess[], how: 'together' | 'alone'): Promise<void> =>
  eventually(async () => {
    for (const member of members) {
      const metrics = await fetch(`http://127.0.0.1:${metricsPorts.get(member) ?? 0}/metrics`);
      expect(await metrics.text()).toContain(`\ngatehouse_throttler_fallback ${how === 'alone' ? 1 : 0}\n`);
    }
  }, 10_000);
const warnings = ({ output }: ServerProcess): number => output.split('Redis cannot be used').length - 1;

describe('two processes of the built server with one Redis', () => {
  let redis: RedisUnderTest;
  let fleet: Fleet;

  beforeAll(async () => {
    redis = await RedisUnderTest.start(ABLE_TO_BE_AWAY);
    fleet = await startFleet(2, { REDIS_URL: redis.url });
    await eventuallyCount(fleet.members, 'together');
  });
  afterAll(async () => {
    await fleet.end();
    await redis.stop();
  });

  it('give one client one quota together, refuse it alike, and tell both when it ends', async () => {
    const client = freshClient();
    expect(await passing(fleet.members, client)).toBe(QUOTA);
    for (const member of fleet.members) {
      const { status, headers } = await ask(member, client);
      const retryAfter = Number(headers.get('retry-after'));
      expect([status, retryAfter > 0, retryAfter <= 60]).toEqual([429, true, true]);
      expect(headers.get('ratelimit')).toBe(`"register-requests";r=0;t=${retryAfter}`);
    }
    expect(await passing(fleet.members, freshClient(), 1)).toBe(2);
  });

  it('count a user over both, too', async () => {
    const { accessToken } = await fleet.at(0).api.signIn(ADMIN);
    const left = async (index: number): Promise<number> => {
      const { headers } = await fleet.at(index).api.get('/api/me', accessToken);
      return Number(/"bearer-requests";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
    };
    const first = await left(0);
    expect([await left(1), await left(0), await left(1)]).toEqual([first - 1, first - 2, first - 3]);
  });

  it('write nothing there that tells who was counted, and nothing that stays', async () => {
    const client = freshClient();
    await ask(fleet.at(0), client);
    const stored = await onRedis(redis.url, async (connection) => {
      const keys = await connection.keys('*');
      return Promise.all(
        keys.map(async (key) => ({ key, value: await connection.get(key), lives: await connection.pttl(key) })),
      );
    });
    expect(stored.length).toBeGreaterThan(1);
    for (const { key, value, lives } of stored) {
      expect(key).toMatch(/^\{gatehouse:throttle:([A-Za-z0-9_-]{22}|probe):requests\}:hits$/);
      expect(value).toMatch(/^\d+$/);
      expect(lives).toBeGreaterThan(0);
      expect(lives).toBeLessThanOrEqual(WINDOW_MS);
    }
  });

  describe.each(WAYS_TO_BE_AWAY)('while it $name', ({ name, begin, end }) => {
    it('serve on at once with limits of their own, tell so once, and count together again by themselves', async () => {
      const known = freshClient();
      expect(await passing(fleet.members, known, 3)).toBe(6);
      const before = fleet.members.map(warnings);
      const heldUp = new Measured(`Redis ${name}: requests meanwhile`);
      await begin(redis);
      try {
        for (const member of fleet.members) {
          const startedAt = performance.now();
          expect((await ask(member, freshClient())).status).toBe(400);
          heldUp.add(performance.now() - startedAt);
        }
        await eventuallyCount(fleet.members, 'alone');
        const startedAt = performance.now();
        // Each goes on from what it has counted itself: what was spent before is not given again.
        expect(await passing(fleet.members, known)).toBe(2 * QUOTA - 6);
        expect(await passing(fleet.members, freshClient())).toBe(2 * QUOTA);
        heldUp.add((performance.now() - startedAt) / (8 * QUOTA));
      } finally {
        await end(redis);
      }
      heldUp.print();
      expect(heldUp.max).toBeLessThan(HELD_UP_MS);
      const endedAt = performance.now();
      await eventuallyCount(fleet.members, 'together');
      process.stdout.write(`Redis ${name}: together again after ${(performance.now() - endedAt).toFixed(0)} ms\n`);
      expect(fleet.members.map((member, index) => warnings(member) - (before[index] ?? 0))).toEqual([1, 1]);
      expect(await passing(fleet.members, freshClient())).toBe(QUOTA);
    });
  });

  it('give an attacker who makes it come and go at most a quota each', async () => {
    const client = freshClient();
    const startedAt = performance.now();
    let passed = 0;
    for (let flap = 0; flap < 4; flap += 1) {
      passed += await passing(fleet.members, client, QUOTA);
      await redis.stop();
      passed += await passing(fleet.members, client, QUOTA);
      // Empty, as after any restart.
      await redis.restart();
      passed += await passing(fleet.members, client, QUOTA);
      await onRedis(redis.url, (connection) => connection.flushall());
    }
    expect(performance.now() - startedAt).toBeLessThan(WINDOW_MS);
    expect(passed).toBeLessThanOrEqual(fleet.members.length * QUOTA);
    expect(passed).toBeGreaterThanOrEqual(QUOTA);
    await eventuallyCount(fleet.members, 'together');
  });

  it('let a client go on both when the minute that they told of is over, however much it asked meanwhile', async () => {
    const client = freshClient();
    const [one, other] = [fleet.at(0), fleet.at(1)];
    const keysBefore = await onRedis(redis.url, (connection) => connection.keys('*'));
    for (let each = 1; each < QUOTA; each += 1) expect((await ask(one, client)).status).toBe(400);
    await onRedis(redis.url, async (connection) => {
      const [key = ''] = (await connection.keys('*')).filter((found) => !keysBefore.includes(found));
      // As if the minute had begun long ago: for all, though for neither of the instances.
      expect(await connection.pexpire(key, 5_000)).toBe(1);
    });
    expect((await ask(other, client)).status).toBe(400);
    for (const member of fleet.members) expect(await passing([member], client)).toBe(0);
    const told = await Promise.all(fleet.members.map((member) => ask(member, client)));
    const until = told.map(({ headers }) => Number(headers.get('retry-after')));
    expect(Math.max(...until)).toBeLessThanOrEqual(5);
    const startedAt = performance.now();
    await eventually(async () => {
      const answers = await Promise.all(fleet.members.map((member) => ask(member, client)));
      expect(answers.map(({ status }) => status)).toEqual([400, 400]);
    }, 7_000);
    expect(performance.now() - startedAt).toBeLessThan(6_500);
  });

  it('stop at once, though it hangs', async () => {
    const doomed = await addTo(fleet);
    await eventuallyCount([doomed], 'together');
    redis.pause();
    try {
      const startedAt = performance.now();
      await doomed.stop();
      expect(performance.now() - startedAt).toBeLessThan(5_000);
    } finally {
      redis.resume();
    }
    fleet.members.splice(fleet.members.indexOf(doomed), 1);
  });
});

describe('a process of the built server', () => {
  const withFleet = async (
    env: Record<string, string>,
    test: (member: ServerProcess) => Promise<void>,
  ): Promise<void> => {
    const fleet = await startFleet(1, env);
    try {
      await test(fleet.at(0));
    } finally {
      await fleet.end();
    }
  };

  it('starts and is ready without its Redis, has limits, says so once, and shows it in its metrics', async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    await withFleet({ REDIS_URL: nobody }, async (member) => {
      await eventuallyCount([member], 'alone');
      expect(await passing([member], freshClient())).toBe(QUOTA);
      expect((await member.api.get('/health/ready')).status).toBe(200);
      expect(warnings(member)).toBe(1);
    });
  });

  it('starts and is ready with one that hangs, and holds no request up for it', async () => {
    const redis = await RedisUnderTest.start();
    redis.pause();
    try {
      await withFleet({ REDIS_URL: redis.url }, async (member) => {
        await eventuallyCount([member], 'alone');
        const startedAt = performance.now();
        expect(await passing([member], freshClient())).toBe(QUOTA);
        expect(performance.now() - startedAt).toBeLessThan(2 * QUOTA * HELD_UP_MS);
        redis.resume();
        await eventuallyCount([member], 'together');
      });
    } finally {
      redis.resume();
      await redis.stop();
    }
  });

  it('goes on where the password is wrong, and writes neither that one nor a right one', async () => {
    const [right, wrong] = ['p@ss word/right', 'p@ss word/wrong'];
    const redis = await RedisUnderTest.start(['--requirepass', right]);
    const urlWith = (password: string): string => redis.url.replace('//', `//:${encodeURIComponent(password)}@`);
    try {
      await withFleet({ REDIS_URL: urlWith(wrong), LOG_LEVEL: 'debug' }, async (member) => {
        await eventuallyCount([member], 'alone');
        expect(member.output).toContain('WRONGPASS');
        expect(await passing([member], freshClient())).toBe(QUOTA);
        for (const form of [wrong, encodeURIComponent(wrong)]) expect(member.output).not.toContain(form);
      });
      await withFleet({ REDIS_URL: urlWith(right), LOG_LEVEL: 'debug' }, async (member) => {
        await eventuallyCount([member], 'together');
        expect(warnings(member)).toBe(0);
        for (const form of [right, encodeURIComponent(right)]) expect(member.output).not.toContain(form);
      });
    } finally {
      await redis.stop();
    }
  });

  it('tells an operator that it is refused where it was lost for another reason first', async () => {
    const redis = await RedisUnderTest.start(['--requirepass', 'the-first']);
    const url = redis.url.replace('//', '//:the-first@');
    try {
      await withFleet({ REDIS_URL: url, LOG_LEVEL: 'warn' }, async (member) => {
        await eventuallyCount([member], 'together');
        await redis.restart(['--requirepass', 'the-second']);
        await eventually(() => {
          expect(member.output).toContain('refuses this service (WRONGPASS)');
        }, 15_000);
        expect(warnings(member)).toBe(1);
      });
    } finally {
      await redis.stop();
    }
  });

  it('talks TLS to rediss://, and only to a server whose certificate it can check', async () => {
    const { certFile, keyFile } = makeCertificate();
    const port = await freePort();
    const tls = ['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile];
    const redis = await RedisUnderTest.start([...tls, '--tls-auth-clients', 'no']);
    const env = { REDIS_URL: `rediss://127.0.0.1:${port}` };
    try {
      await withFleet({ ...env, NODE_EXTRA_CA_CERTS: certFile }, async (member) => {
        await eventuallyCount([member], 'together');
        expect(await passing([member], freshClient())).toBe(QUOTA);
      });
      await withFleet(env, async (member) => {
        await eventuallyCount([member], 'alone');
        expect(member.output).toContain('self-signed certificate');
        expect(await passing([member], freshClient())).toBe(QUOTA);
      });
    } finally {
      await redis.stop();
    }
  });
});
