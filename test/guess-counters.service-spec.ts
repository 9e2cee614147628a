import { DataSource } from 'typeorm';
import { GuessCounters } from '../src/auth/guesses/guess-counters.js';
import { FORGOTTEN_GUESSES } from '../src/auth/guesses/forgotten-guesses.js';
import type { Counted, CounterPolicy, Reservation } from '../src/auth/guesses/guess-counters.js';
import { addSeconds } from '../src/shared/clock.js';
import { Chance } from './support/chance.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const plain: CounterPolicy = { quota: 5, windowSeconds: 15 * MINUTE };
const doubling: CounterPolicy = {
  quota: 10,
  windowSeconds: 15 * MINUTE,
  waits: { firstSeconds: 15 * MINUTE, longestSeconds: DAY, spentBy: 'tries_in_window', mostInARow: 100 },
};

describe('counters of guesses', () => {
  let service: TestApp;
  let counters: GuessCounters;
  let dataSource: DataSource;
  let subjects = 0;
  const now = new Date('2026-11-24T12:00:00Z');

  beforeAll(async () => {
    service = await startTestApp();
    counters = service.app.get(GuessCounters, { strict: false });
    dataSource = service.app.get(DataSource);
  });
  afterAll(() => service.close());

  const fresh = (policy: CounterPolicy): Counted => ({ subject: [`subject ${++subjects}`], policy });
  const bucketsOf = ({ states }: Reservation): Buffer[] => states.map(({ bucket }) => bucket);
  const seconds = (from: Date, to: Date | 'for good' | undefined): number | undefined =>
    to instanceof Date ? (to.getTime() - from.getTime()) / 1000 : undefined;
  /** Tries until it is blocked. @returns the last reservation that was granted */
  const spend = async (counted: Counted, at: Date): Promise<Reservation> => {
    let last: Reservation | undefined;
    for (;;) {
      const reservation = await counters.reserve([counted], at);
      if (!reservation.granted) {
        if (!last) throw new Error('it was blocked from the beginning');
        return last;
      }
      await counters.fail(bucketsOf(reservation), at);
      last = reservation;
    }
  };

  it('grant exactly the quota, however many ask at once', async () => {
    const counted = fresh(plain);
    const answers = await Promise.all(Array.from({ length: 40 }, () => counters.reserve([counted], now)));
    expect(answers.filter(({ granted }) => granted)).toHaveLength(5);
  });

  it('grant none of several where one is spent, and count none of them then', async () => {
    const [spent, other] = [fresh(plain), fresh(doubling)];
    await spend(spent, now);
    for (let time = 0; time < 20; time += 1) {
      expect((await counters.reserve([other, spent], now)).granted).toBe(false);
    }
    expect((await counters.reserve([other], now)).states).toMatchObject([{ tries: 1, streak: 1 }]);
  });

  it('remember what came in a row only where something follows from it', async () => {
    const counted = [fresh(plain), fresh(doubling)];
    await counters.reserve(counted, now);
    const later = await counters.reserve(counted, addSeconds(now, DAY));
    expect(later.states.map(({ streak }) => streak)).toEqual([0, 2]);
  });

  it.each([1, 4, 9, 99])(
    'let whoever makes %i guesses, and waits until they are forgotten, make fewer than a hundred a year',
    async (atOnce) => {
      const counted = fresh(doubling);
      const bucket = await counters.bucketOf(counted.subject);
      let [at, guesses] = [now, 0];
      while (at < addSeconds(now, 365 * DAY)) {
        for (let time = 0; time < atOnce; time += 1) {
          const reservation = await counters.reserve([counted], at);
          expect(reservation.granted).toBe(true);
          await counters.fail(bucketsOf(reservation), at);
          guesses += 1;
          // Slow enough for no wait.
          at = addSeconds(at, 16 * MINUTE);
        }
        const [row] = await service.sql<{ due: Date }>('SELECT forget_at AS due FROM guesses WHERE bucket = $1', [
          bucket,
        ]);
        at = row?.due ?? at;
        const order = { now: at, limit: 1_000, from: undefined };
        await dataSource.transaction((tx) => FORGOTTEN_GUESSES.deleteBatch(tx, order));
        expect(await service.sql('SELECT FROM guesses WHERE bucket = $1', [bucket])).toEqual([]);
      }
      expect(guesses).toBeLessThan(100);
    },
  );

  it('take back what was reserved with one that turned out to be spent in a race', async () => {
    const [scarce, ample] = [fresh(plain), fresh({ quota: 1_000, windowSeconds: 60 })];
    const answers = await Promise.all(Array.from({ length: 60 }, () => counters.reserve([ample, scarce], now)));
    expect(answers.filter(({ granted }) => granted)).toHaveLength(5);
    expect((await counters.reserve([ample], now)).states[0]?.tries).toBe(6);
  });

  it('begin anew with the next window', async () => {
    const counted = fresh(plain);
    const { states } = await spend(counted, now);
    expect(seconds(now, states[0]?.blockedUntil)).toBe(15 * MINUTE);
    expect((await counters.reserve([counted], addSeconds(now, 15 * MINUTE - 1))).granted).toBe(false);
    expect((await counters.reserve([counted], addSeconds(now, 15 * MINUTE))).states[0]).toMatchObject({
      tries: 1,
      failed: 0,
      blockedUntil: undefined,
    });
  });

  it('make each wait twice as long as the one before, up to the longest', async () => {
    const counted = fresh(doubling);
    let at = now;
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 10; round += 1) {
      const wait = seconds(at, (await spend(counted, at)).states[0]?.blockedUntil);
      waits.push((wait ?? 0) / MINUTE);
      at = addSeconds(at, wait ?? 0);
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]);
  });

  it('let one try pass after each wait, not a window of them, however many come at once', async () => {
    const counted = fresh(doubling);
    await spend(counted, now);
    const later = addSeconds(now, 15 * MINUTE);
    const answers = await Promise.all(Array.from({ length: 20 }, () => counters.reserve([counted], later)));
    expect(answers.filter(({ granted }) => granted)).toHaveLength(1);
  });

  it('count as calm what has failed for a day no more, but still in a row', async () => {
    const counted = fresh(doubling);
    const { states } = await spend(counted, now);
    const wait = seconds(now, states[0]?.blockedUntil) ?? 0;
    const calm = await counters.reserve([counted], addSeconds(now, wait + DAY));
    expect(calm.states[0]).toMatchObject({ tries: 1, streak: 11, blockedUntil: undefined });
  });

  it('block for good at a hundred in a row, whatever their windows, until they are forgotten', async () => {
    const counted = fresh(doubling);
    let at = now;
    let granted = 0;
    for (;;) {
      const reservation = await counters.reserve([counted], at);
      if (!reservation.granted) break;
      granted += 1;
      await counters.fail(bucketsOf(reservation), at);
      // Slow enough for no wait.
      at = addSeconds(at, 16 * MINUTE + (granted % 9 === 0 ? 2 * DAY : 0));
    }
    expect(granted).toBe(100);
    const later = await counters.reserve([counted], addSeconds(at, 3_650 * DAY));
    expect([later.granted, later.states[0]?.blockedUntil]).toEqual([false, 'for good']);
    await counters.forget(dataSource, bucketsOf(later), at);
    expect((await counters.reserve([counted], at)).granted).toBe(true);
  });

  it('make those wait who guess slowly, where tries in a row are what counts', async () => {
    const counted = fresh({
      ...doubling,
      waits: { firstSeconds: 15 * MINUTE, longestSeconds: DAY, spentBy: 'tries_in_a_row' },
    });
    let at = now;
    const waits: (number | undefined)[] = [];
    for (let looked = 0; looked < 13;) {
      const { granted, states } = await counters.reserve([counted], at);
      if (granted) {
        looked += 1;
        await counters.fail(
          states.map(({ bucket }) => bucket),
          at,
        );
        // Never more than four in fifteen minutes.
        at = addSeconds(at, 4 * MINUTE);
      } else {
        waits.push((seconds(at, states[0]?.blockedUntil) ?? 0) / MINUTE + 4);
        at = states[0]?.blockedUntil instanceof Date ? states[0].blockedUntil : at;
      }
    }
    expect(waits).toEqual([15, 30, 60]);
  });

  it('let one more try pass when they are released, and wait longer after it', async () => {
    const counted = fresh({
      ...doubling,
      waits: { firstSeconds: 15 * MINUTE, longestSeconds: DAY, spentBy: 'tries_in_a_row' },
    });
    const buckets = bucketsOf(await spend(counted, now));
    await counters.release(dataSource, buckets);
    const { granted, states } = await counters.reserve([counted], now);
    expect([granted, seconds(now, states[0]?.blockedUntil)]).toEqual([true, 30 * MINUTE]);
    expect((await counters.reserve([counted], now)).granted).toBe(false);
  });

  it('do not let the hundred be passed by guesses at the same moment', async () => {
    const counted = fresh({ ...doubling, quota: 1_000 });
    const answers = await Promise.all(Array.from({ length: 130 }, () => counters.reserve([counted], now)));
    expect(answers.filter(({ granted }) => granted)).toHaveLength(100);
  });

  it('unblock when the try that blocked is given back', async () => {
    const counted = fresh(plain);
    const reservations = [];
    for (let time = 0; time < 5; time += 1) reservations.push(await counters.reserve([counted], now));
    expect((await counters.reserve([counted], now)).granted).toBe(false);
    await counters.giveBack(reservations.flatMap(bucketsOf).slice(0, 1));
    expect((await counters.reserve([counted], now)).states[0]?.tries).toBe(5);
  });

  it('give back no try that has failed, however often it is asked for', async () => {
    const counted = fresh(plain);
    const buckets = bucketsOf(await spend(counted, now));
    for (let time = 0; time < 7; time += 1) await counters.giveBack(buckets);
    expect((await counters.reserve([counted], now)).granted).toBe(false);
  });

  it('keep a try counted that nobody settled: whoever made it may have been killed', async () => {
    const counted = fresh(plain);
    for (let time = 0; time < 5; time += 1) await counters.reserve([counted], now);
    expect((await counters.reserve([counted], addSeconds(now, 14 * MINUTE))).granted).toBe(false);
    expect((await counters.reserve([counted], addSeconds(now, 15 * MINUTE))).granted).toBe(true);
  });

  it('say what was forgotten, in the order of the question', async () => {
    const [one, other] = [fresh(plain), fresh(plain)];
    const [first] = bucketsOf(await counters.reserve([one], now));
    const second = await counters.bucketOf(other.subject);
    if (!first) throw new Error('there is no bucket');
    const forgotten = await counters.forget(dataSource, [second, first], now);
    expect(forgotten.map(({ tries }) => tries)).toEqual([0, 1]);
  });

  it('never wait for one another, in whatever order they are named', async () => {
    const shared = Array.from({ length: 6 }, () => fresh({ quota: 10_000, windowSeconds: 60 }));
    const chance = new Chance(7);
    const some = (): Counted[] => shared.toSorted(() => chance.next() - 0.5).slice(0, 4);
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const reservation = await counters.reserve(some(), now);
        const buckets = bucketsOf(reservation);
        if (index % 3 === 0) await counters.giveBack(buckets);
        else if (index % 3 === 1) await counters.fail(buckets, now);
        else await counters.forget(dataSource, buckets, now);
      }),
    );
  });
});
