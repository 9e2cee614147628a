import fc from 'fast-check';
import { nextLimit } from './cleanup-batches.js';

describe('how many rows the next batch takes', () => {
  it.each([
    ['half of those that took longer than a tenth of a second', 1_000, 101, 500],
    ['as many as took about that long', 1_000, 80, 1_000],
    ['twice those that took less than half of it', 250, 49, 500],
  ])('is %s', (_, limit, tookMs, next) => {
    expect(nextLimit(limit, tookMs)).toBe(next);
  });

  it('is five at least, however slow the database', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 60_000, noNaN: true })), (times) => {
        expect(times.reduce(nextLimit, 1_000)).toBeGreaterThanOrEqual(5);
      }),
    );
  });
});
