import { Clock } from '../shared/clock.js';
import { MemoryThrottlerStorage } from './throttler-storage.js';

class SetClock extends Clock {
  ms = 1_700_000_000_000;
  now(): Date {
    return new Date(this.ms);
  }
  synchronise(): void {
    // Nothing measures this one.
  }
}

const WINDOW_MS = 60_000;
const clock = new SetClock();
const POLICY = 'login';

class Counted extends MemoryThrottlerStorage {
  hit(key: string, limit: number, policy = POLICY): ReturnType<MemoryThrottlerStorage['increment']> {
    return this.increment(key, WINDOW_MS, limit, WINDOW_MS, policy);
  }
}

const storageOf = (capacity?: number): Counted => new Counted(clock, capacity);

describe('the throttler’s storage', () => {
  it('counts up to the limit, blocks beyond it, and starts again when the window ends', async () => {
    const storage = storageOf();
    const hit = async (): Promise<unknown> => storage.hit('a', 2);
    expect(await hit()).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
    clock.ms += 500;
    expect(await hit()).toEqual({ totalHits: 2, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
    clock.ms += 29_500;
    expect(await hit()).toEqual({ totalHits: 3, timeToExpire: 30, isBlocked: true, timeToBlockExpire: 30 });
    clock.ms += 30_000;
    expect(await hit()).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
  });

  it('counts each policy by itself', async () => {
    const storage = storageOf(3);
    expect((await storage.hit('a', 9)).totalHits).toBe(1);
    expect((await storage.hit('a', 9, 'bearer')).totalHits).toBe(1);
    expect((await storage.hit('a', 9)).totalHits).toBe(2);
    for (const key of ['b', 'c', 'd']) await storage.hit(key, 9, 'bearer');
    expect(storage.size).toBe(3);
    expect((await storage.hit('a', 9)).totalHits).toBe(1);
  });

  it('ends a window with another one that ends before it, and never lets one grow', async () => {
    const storage = storageOf();
    for (let hit = 0; hit < 3; hit += 1) await storage.hit('a', 2);
    storage.endWithin(POLICY, 'a', 90);
    expect(await storage.hit('a', 2)).toMatchObject({ totalHits: 4, timeToExpire: 60 });
    storage.endWithin(POLICY, 'a', 7);
    storage.endWithin(POLICY, 'a', 30);
    expect(await storage.hit('a', 2)).toMatchObject({ timeToExpire: 7, isBlocked: true });
    clock.ms += 7_000;
    expect(await storage.hit('a', 2)).toMatchObject({ totalHits: 1, timeToExpire: 60 });
    storage.endWithin(POLICY, 'never seen', 1);
    expect(storage.size).toBe(1);
  });

  it('keeps at most its capacity, and forgets the oldest window first', async () => {
    const storage = storageOf(3);
    for (const key of ['a', 'b', 'c', 'd']) await storage.hit(key, 9);
    expect(storage.size).toBe(3);
    expect((await storage.hit('b', 9)).totalHits).toBe(2);
    expect((await storage.hit('a', 9)).totalHits).toBe(1);
    expect((await storage.hit('c', 9)).totalHits).toBe(2);
    expect((await storage.hit('b', 9)).totalHits).toBe(1);
  });

  it('drops windows that have ended as requests come, without ever losing one that has begun anew', async () => {
    const storage = storageOf(1_000);
    for (let index = 0; index < 500; index += 1) await storage.hit(`old ${index}`, 9);
    clock.ms += WINDOW_MS;
    for (let index = 0; index < 10; index += 1) await storage.hit(`old ${499 - index}`, 9);
    for (let index = 0; index < 300; index += 1) await storage.hit('new', 999);
    expect(storage.size).toBe(11);
    expect((await storage.hit('old 499', 9)).totalHits).toBe(2);
  });

  it('holds 100,000 windows at most, and finds room for one more as fast as among 1,000', async () => {
    const millisecondsToEvict = async (storage: Counted, capacity: number): Promise<number> => {
      for (let index = 0; index < capacity; index += 1) await storage.hit(`first ${index}`, 9);
      const start = performance.now();
      for (let index = 0; index < 200_000; index += 1) await storage.hit(`then ${index}`, 9);
      expect(storage.size).toBe(capacity);
      return performance.now() - start;
    };
    const small = await millisecondsToEvict(storageOf(1_000), 1_000);
    const large = await millisecondsToEvict(storageOf(), 100_000);
    // About 2 by the caches of the processor; about 70 where the oldest key of a Map is looked for.
    expect(large / small).toBeLessThan(15);
  });
});
