import { isGivenUp, retryDelaySeconds } from './retry-plan.js';

const DAY_MS = 24 * 60 * 60 * 1000;

describe('the retries of a mail', () => {
  it.each([
    [1, 5],
    [2, 10],
    [3, 20],
    [8, 640],
    [9, 900],
    [10, 900],
    [2_000, 900],
  ])('after try %d come within %d s, and no more than a quarter sooner', (attempts, seconds) => {
    const delays = Array.from({ length: 200 }, () => retryDelaySeconds(attempts));
    expect(Math.max(...delays)).toBeLessThanOrEqual(seconds);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(seconds * 0.75);
    expect(new Set(delays).size).toBeGreaterThan(20);
  });

  it('end when the mail is three days old', () => {
    const createdAt = new Date('2026-11-24T06:14:00Z');
    expect(isGivenUp(createdAt, new Date(createdAt.getTime() + 3 * DAY_MS - 1))).toBe(false);
    expect(isGivenUp(createdAt, new Date(createdAt.getTime() + 3 * DAY_MS))).toBe(true);
  });
});
