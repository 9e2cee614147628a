import fc from 'fast-check';
import type { SessionId, UserId } from '../src/shared/ids.js';
import { SessionsService } from '../src/tokens/sessions/sessions.service.js';
import './support/property-tests.js';
import { SessionWorld, StoppedClock } from './support/session-world.js';
import type { Act } from './support/session-world.js';
import { randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const GRACE = 30;
const CLIENT = { ip: '192.0.2.1', userAgent: 'tab' };
const BOUNDS = { interruptAfterTimeLimit: 25_000 };

const clock = new StoppedClock();
let instances: TestApp[] = [];
let userId: UserId;

beforeAll(async () => {
  const env = {
    JWT_SECRET: randomSecret(),
    REFRESH_SECRET: randomSecret(),
    SESSIONS_PER_USER: '1000',
    KEY_ROTATION: '3650d',
  };
  const first = await startTestApp({ clock, env });
  instances = [first];
  for (const database of [first.database, first.database]) instances.push(await startTestApp({ clock, env, database }));
  const [user] = await first.sql<{ id: UserId }>('SELECT id FROM users');
  if (!user) throw new Error('there is no account');
  userId = user.id;
});
afterAll(async () => {
  for (const instance of instances.reverse()) await instance.close();
});
beforeEach(() => {
  clock.restart();
});

const opened = (sendsKeys: boolean): Promise<SessionWorld> => {
  clock.restart();
  return SessionWorld.open(instances, clock, userId, sendsKeys);
};
const answered = (who: Act['who'], instance = 0): Act => ({ who, fate: 'answered', instance });

const instance = fc.nat(2);
const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Act['fate']>('answered') },
  { weight: 2, arbitrary: fc.constant<Act['fate']>('answer lost') },
  { weight: 1, arbitrary: fc.constant<Act['fate']>('request lost') },
);
const seconds = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: GRACE - 1 }) },
  { weight: 2, arbitrary: fc.constantFrom(GRACE, GRACE + 1) },
  { weight: 4, arbitrary: fc.constantFrom(GRACE + 5, 10 * MINUTE, 20 * MINUTE, DAY) },
  { weight: 1, arbitrary: fc.constantFrom(6 * DAY, 7 * DAY, 8 * DAY) },
);
const act = (...who: Act['who'][]): fc.Arbitrary<Act> => fc.record({ who: fc.constantFrom(...who), fate, instance });

type Step =
  | { readonly step: 'requests'; readonly acts: readonly Act[] }
  | { readonly step: 'wait'; readonly seconds: number }
  | { readonly step: 'theft'; readonly withKey: boolean };

const requests = (maxLength: number, ...who: Act['who'][]): fc.Arbitrary<Step> =>
  fc.record({ step: fc.constant('requests'), acts: fc.array(act(...who), { minLength: 1, maxLength }) });
const wait: fc.Arbitrary<Step> = fc.record({ step: fc.constant('wait'), seconds });
const theft: fc.Arbitrary<Step> = fc.record({ step: fc.constant('theft'), withKey: fc.boolean() });

async function take(world: SessionWorld, step: Step): Promise<void> {
  if (step.step === 'requests') await world.act(step.acts);
  else if (step.step === 'wait') await world.wait(step.seconds);
  else world.steal(step.withKey);
}

async function expectOneLiveGeneration(world: SessionWorld): Promise<void> {
  expect(await world.liveGenerations()).toEqual(world.isLive ? [world.model.generation] : []);
}

describe('a session that is refreshed by several tabs at several instances', () => {
  it.each([
    ['with keys', true],
    ['without keys, which ask again within the grace', false],
  ])('never signs out honest clients %s, in any order of lost answers, late retries and sign-outs', async (_, keys) => {
    const honest = fc.oneof(
      { weight: 6, arbitrary: requests(4, 'owner', 'owner', 'tab behind') },
      { weight: 5, arbitrary: wait },
      { weight: 1, arbitrary: requests(3, 'owner', 'tab behind', 'sign-out') },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(honest, { minLength: 4, maxLength: 18 }), async (steps) => {
        const world = await opened(keys);
        for (const step of steps) await take(world, step);
        await expectOneLiveGeneration(world);
      }),
      { ...BOUNDS, numRuns: 35 },
    );
  });

  it('answers as the table of the contract says whoever asks, thieves too, and has one live generation at most', async () => {
    const anything = fc.oneof(
      { weight: 6, arbitrary: requests(3, 'owner', 'owner', 'thief', 'tab behind') },
      { weight: 4, arbitrary: wait },
      { weight: 2, arbitrary: theft },
      { weight: 1, arbitrary: requests(3, 'owner', 'thief', 'sign-out') },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(anything, { minLength: 4, maxLength: 20, size: 'max' }),
        async (keys, steps) => {
          const world = await opened(keys);
          for (const step of steps) await take(world, step);
          await expectOneLiveGeneration(world);
        },
      ),
      { ...BOUNDS, numRuns: 50 },
    );
  });

  it('catches every theft outside the grace at the next step of the other side, and refuses both from then on', async () => {
    const gap = fc.constantFrom(GRACE + 1, 2 * MINUTE, 10 * MINUTE, DAY);
    const theftCase = fc.record({
      keys: fc.boolean(),
      before: fc.nat(4),
      gaps: fc.array(gap, { minLength: 1, maxLength: 4 }),
      first: fc.constantFrom<Act['who']>('owner', 'thief'),
      instance,
    });
    await fc.assert(
      fc.asyncProperty(theftCase, async ({ keys, before, gaps, first, instance: at }) => {
        const world = await opened(keys);
        for (let step = 0; step < before; step += 1) await world.act([answered('owner', step)]);
        world.steal(false);
        for (const pause of gaps) {
          expect(await world.act([answered(first, at)])).toEqual(['rotated']);
          await world.wait(pause);
        }
        const other = first === 'owner' ? 'thief' : 'owner';
        expect(await world.act([answered(other, at + 1)])).toEqual(['refresh_reused']);
        expect(await world.act([answered(first, at)])).toEqual(['session_revoked']);
        expect(await world.act([answered(other, at)])).toEqual(['session_revoked']);
        expect(await world.liveGenerations()).toEqual([]);
      }),
      { ...BOUNDS, numRuns: 25 },
    );
  });

  it('lets nothing of itself work after a sign-out, at any instance and whatever was on its way', async () => {
    const crowd = fc.array(act('owner', 'thief', 'tab behind'), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.nat(3), crowd, instance, async (before, others, at) => {
        const world = await opened(true);
        for (let step = 0; step < before; step += 1) await world.act([answered('owner', step)]);
        world.steal(true);
        await world.act([...others, answered('sign-out', at)]);
        for (const who of ['owner', 'thief', 'tab behind'] as const) {
          const answers = await world.act([answered(who, at), answered(who, at + 1)]);
          expect(new Set([...answers, 'session_revoked'])).toEqual(new Set(['session_revoked']));
        }
        expect(await world.liveGenerations()).toEqual([]);
      }),
      { ...BOUNDS, numRuns: 25 },
    );
  });
});

describe('sessions that two instances end at once', () => {
  it.each<[string, (app: TestApp['app'], id: SessionId) => Promise<unknown>]>([
    ['one by one', (app, id) => app.get(SessionsService, { strict: false }).revoke(id, 'logout', { client: CLIENT })],
    [
      'all together',
      (app) => app.get(SessionsService, { strict: false }).revokeAllOf(userId, 'logout_all', { client: CLIENT }),
    ],
  ])('%s are refused at both as soon as each has answered, whichever was first', async (_, end) => {
    for (let round = 0; round < 10; round += 1) {
      const world = await opened(true);
      await world.act([answered('owner')]);
      const codes = await Promise.all(
        instances.slice(0, 2).map(async ({ app }) => {
          await end(app, world.id);
          return world.accessAt(app);
        }),
      );
      expect(codes).toEqual(['token_revoked', 'token_revoked']);
    }
  });
});

describe('what is not promised', () => {
  const lost: Act = { who: 'owner', fate: 'answer lost', instance: 0 };

  it('a client without a key that retries after the grace is signed out', async () => {
    const world = await opened(false);
    await world.act([lost]);
    clock.advance(GRACE + 1);
    world.steal(false);
    expect(await world.act([answered('thief', 1)])).toEqual(['refresh_reused']);
  });

  it('a thief who uses a token within the grace shares the session until one of the two misses a step', async () => {
    const world = await opened(true);
    world.steal(false);
    for (let step = 0; step < 3; step += 1) {
      expect(await world.act([answered('owner')])).toEqual(['rotated']);
      clock.advance(GRACE);
      expect(await world.act([answered('thief')])).toEqual(['repeated']);
    }
    expect(await world.act([answered('owner')])).toEqual(['rotated']);
    clock.advance(GRACE + 1);
    expect(await world.act([answered('thief')])).toEqual(['refresh_reused']);
    expect(await world.act([answered('owner')])).toEqual(['session_revoked']);
  });

  it('a thief who copied the key as well shares the next step at any later time, but not the one after it', async () => {
    const world = await opened(true);
    world.steal(true);
    await world.act([answered('owner')]);
    clock.advance(DAY);
    expect(await world.act([answered('thief')])).toEqual(['repeated']);
    await world.act([answered('owner')]);
    clock.advance(GRACE + 1);
    expect(await world.act([answered('thief')])).toEqual(['refresh_reused']);
  });

  it('a request that the network delivers after the grace, when its successor was used, signs the client out', async () => {
    const world = await opened(true);
    world.steal(true); // The very request: same token, same key.
    await world.act([answered('owner'), answered('owner', 1)]);
    await world.act([answered('owner')]);
    clock.advance(GRACE + 1);
    expect(await world.act([answered('thief')])).toEqual(['refresh_reused']);
    expect(await world.act([answered('owner')])).toEqual(['session_revoked']);
  });
});
