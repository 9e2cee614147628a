import { Backoff } from './backoff.js';

describe('waiting before the next try', () => {
  it('doubles up to five seconds, and begins anew after a success', () => {
    const backoff = new Backoff(() => 1);
    expect(Array.from({ length: 7 }, () => backoff.nextMs())).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(250);
  });

  it('is spread over half of it', () => {
    const waits = Array.from({ length: 200 }, () => new Backoff().nextMs());
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(125);
    expect(Math.max(...waits)).toBeLessThanOrEqual(250);
    expect(new Set(waits).size).toBeGreaterThan(50);
  });

  it('is as long as the server asks for, up to a minute', () => {
    expect(new Backoff().nextMs(1_500)).toBe(1_500);
    expect(new Backoff().nextMs(3_600_000)).toBe(60_000);
  });
});
