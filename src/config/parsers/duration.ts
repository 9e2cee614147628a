import type { Parsed } from './parsed.js';
import { faulty, sound } from './parsed.js';

const SECONDS_PER_UNIT = new Map([
  ['', 1],
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);

/**
 * Makes a parser of durations (`15m`, `7d`, `12h`, `900s`, `900`) into whole seconds.
 * @param shortest seconds, inclusive
 * @param longest seconds, inclusive
 */
export const duration =
  (shortest: number, longest: number) =>
  (text: string): Parsed<number> => {
    const [, count = '', unit = ''] = /^(0|[1-9][0-9]{0,8})([smhd]?)$/.exec(text) ?? [];
    const seconds = Number(count) * (SECONDS_PER_UNIT.get(unit) ?? NaN);
    return count !== '' && seconds >= shortest && seconds <= longest
      ? sound(seconds)
      : faulty(
          `must be a duration such as 900s, 15m, 12h or 7d, from ${writeDuration(shortest)} to ${writeDuration(longest)}`,
        );
  };

/** The shortest text that `duration` reads back as these seconds. */
export const writeDuration = (seconds: number): string => {
  if (seconds === 0) {
    return '0s';
  }
  const [unit, length] = [...SECONDS_PER_UNIT].findLast(([, secondsPerUnit]) => seconds % secondsPerUnit === 0) ?? [
    's',
    1,
  ];
  return `${seconds / length}${unit}`;
};
