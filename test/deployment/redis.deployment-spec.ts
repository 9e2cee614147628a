import { eventually } from '../support/eventually.js';
import { Measured } from '../support/measured.js';
import { ABLE_TO_BE_AWAY, onRedis, WAYS_TO_BE_AWAY } from '../support/redis-away.js';
import { RedisUnderTest } from '../support/redis-under-test.js';
import { ADMIN } from '../support/test-app.js';
import {
  HELD_UP_MS,
  QUOTA,
  ThrottledFleet,
  WINDOW_MS,
  ask,
  freshClient,
  passing,
  warnings,
} from '../support/throttled-fleet.js';

jest.setTimeout(90_000);

describe('two processes of the built server with one Redis', () => {
  let redis: RedisUnderTest;
  let fleet: ThrottledFleet;

  beforeAll(async () => {
    redis = await RedisUnderTest.start(ABLE_TO_BE_AWAY);
    fleet = await ThrottledFleet.start(2, { REDIS_URL: redis.url });
    await fleet.eventuallyCount('together');
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
        await fleet.eventuallyCount('alone');
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
      await fleet.eventuallyCount('together');
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
    await fleet.eventuallyCount('together');
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
    const doomed = await fleet.add();
    await fleet.eventuallyCount('together', [doomed]);
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
