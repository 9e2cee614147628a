import { inDigits, verdictOf, withSpread } from './figure.js';
import type { Figure, Goal } from './figure.js';

const figure = (samples: readonly number[], goal: Goal): Figure => ({ name: 'guarded', unit: 'of raw', samples, goal });

describe('a figure of the benchmark', () => {
  it('is reached by the median, and the aim with it', () => {
    const goal: Goal = { is: 'at least', value: 0.5, aim: 0.6 };
    expect(verdictOf(figure([0.1, 0.49, 0.9], goal))).toBe('missed');
    expect(verdictOf(figure([0.1, 0.5, 0.9], goal))).toBe('reached');
    expect(verdictOf(figure([0.1, 0.6, 0.9], goal))).toBe('reached, and the aim');
  });

  it('may have to stay below its goal', () => {
    const goal: Goal = { is: 'at most', value: 3, aim: 2 };
    expect(verdictOf(figure([3.1], goal))).toBe('missed');
    expect(verdictOf(figure([3], goal))).toBe('reached');
    expect(verdictOf(figure([2], goal))).toBe('reached, and the aim');
  });

  it('never counts as reached without a number', () => {
    expect(verdictOf(figure([], { is: 'at most', value: 3 }))).toBe('missed');
    expect(verdictOf(figure([NaN], { is: 'at least', value: 0 }))).toBe('missed');
  });

  it('is told in three digits, with its spread', () => {
    expect(inDigits(40_443.4)).toBe('40,443');
    expect(inDigits(12.345)).toBe('12.3');
    expect(inDigits(1.2345)).toBe('1.23');
    expect(inDigits(0.4567)).toBe('0.457');
    expect(inDigits(NaN)).toBe('none');
    expect(withSpread([0.5, 0.4, 0.6])).toBe('0.500 (0.400–0.600)');
    expect(withSpread([2])).toBe('2.00');
  });
});
