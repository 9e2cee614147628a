import { median, quantile, ratios, spread } from './statistics.js';

describe('the statistics of a benchmark', () => {
  it('takes the middle of an odd number of rounds, and between the two middle ones of an even number', () => {
    expect(median([30, 10, 20])).toBe(20);
    expect(median([40, 10, 30, 20])).toBe(25);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  it('sorts by size, not as text', () => {
    expect(median([9, 10, 100])).toBe(10);
    expect(quantile([9, 10, 100], 1)).toBe(100);
  });

  it('takes the twentieth from the top of two thousand for the 99th percentile', () => {
    const values = Array.from({ length: 2_000 }, (_, index) => index + 1);
    expect(quantile(values, 0.99)).toBe(1_980);
    expect(quantile(values, 0.5)).toBe(1_000);
    expect(quantile(values, 0)).toBe(1);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('compares round with round', () => {
    expect(ratios([50, 20], [100, 40])).toEqual([0.5, 0.5]);
    expect(ratios([50, 20], [100])[1]).toBeNaN();
  });

  it('tells the least and the most', () => {
    expect(spread([3, 1, 2])).toEqual({ least: 1, most: 3 });
  });
});
