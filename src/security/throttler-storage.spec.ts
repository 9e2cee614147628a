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
const storageOf = (capacity?: number): MemoryThrottlerStorage => new MemoryThrottlerStorage(clock, capacity);

describe('the throttler’s storage', () => {
  it('counts up to the limit, blocks beyond it, and starts again when the window ends', async () => {
    const storage = storageOf();
    const hit = async (): Promise<unknown> => storage.increment('a', WINDOW_MS, 2);
    expect(await hit()).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
    clock.ms += 500;
    expect(await hit()).toEqual({ totalHits: 2, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
    clock.ms += 29_500;
    expect(await hit()).toEqual({ totalHits: 3, timeToExpire: 30, isBlocked: true, timeToBlockExpire: 30 });
    clock.ms += 30_000;
    expect(await hit()).toEqual({ totalHits: 1, timeToExpire: 60, isBlocked: false, timeToBlockExpire: 0 });
  });

  it('ends a window with another one that ends before it, and never lets one grow', async () => {
    const storage = storageOf();
    for (let hit = 0; hit < 3; hit += 1) await storage.increment('a', WINDOW_MS, 2);
    storage.endWithin('a', 90);
    expect(await storage.increment('a', WINDOW_MS, 2)).toMatchObject({ totalHits: 4, timeToExpire: 60 });
    storage.endWithin('a', 7);
    storage.endWithin('a', 30);
    expect(await storage.increment('a', WINDOW_MS, 2)).toMatchObject({ timeToExpire: 7, isBlocked: true });
    clock.ms += 7_000;
    expect(await storage.increment('a', WINDOW_MS, 2)).toMatchObject({ totalHits: 1, timeToExpire: 60 });
    storage.endWithin('never seen', 1);
    expect(storage.size).toBe(1);
  });

  it('keeps at most its capacity, and forgets the oldest window first', async () => {
    const storage = storageOf(3);
    for (const key of ['a', 'b', 'c', 'd']) await storage.increment(key, WINDOW_MS, 9);
    expect(storage.size).toBe(3);
    expect((await storage.increment('b', WINDOW_MS, 9)).totalHits).toBe(2);
    expect((await storage.increment('a', WINDOW_MS, 9)).totalHits).toBe(1);
    expect((await storage.increment('c', WINDOW_MS, 9)).totalHits).toBe(2);
    expect((await storage.increment('b', WINDOW_MS, 9)).totalHits).toBe(1);
  });

  it('drops windows that have ended as requests come, without ever losing one that has begun anew', async () => {
    const storage = storageOf(1_000);
    for (let index = 0; index < 500; index += 1) await storage.increment(`old ${index}`, WINDOW_MS, 9);
    clock.ms += WINDOW_MS;
    for (let index = 0; index < 10; index += 1) await storage.increment(`old ${499 - index}`, WINDOW_MS, 9);
    for (let index = 0; index < 300; index += 1) await storage.increment('new', WINDOW_MS, 999);
    expect(storage.size).toBe(11);
    expect((await storage.increment('old 499', WINDOW_MS, 9)).totalHits).toBe(2);
  });

  it('holds 100,000 windows at most, and finds room for one more as fast as among 1,000', async () => {
    const millisecondsToEvict = async (storage: MemoryThrottlerStorage, capacity: number): Promise<number> => {
      for (let index = 0; index < capacity; index += 1) await storage.increment(`first ${index}`, WINDOW_MS, 9);
      const start = performance.now();
      for (let index = 0; index < 200_000; index += 1) await storage.increment(`then ${index}`, WINDOW_MS, 9);
      expect(storage.size).toBe(capacity);
      return performance.now() - start;
    };
    const small = await millisecondsToEvict(storageOf(1_000), 1_000);
    const large = await millisecondsToEvict(storageOf(), 100_000);
    // About 2 by the caches of the processor; about 70 where the oldest key of a Map is looked for.
    expect(large / small).toBeLessThan(15);
  });
});
