import { median, spread } from '../statistics.js';

export interface Goal {
  readonly is: 'at least' | 'at most';
  readonly value: number;
  /** What comes next, once it is reached. */
  readonly aim?: number | undefined;
}

/** Something that is promised, with a value for each round. */
export interface Figure {
  readonly name: string;
  /** What follows a value: `of raw Fastify`, `ms`, `×`. */
  readonly unit: string;
  readonly samples: readonly number[];
  readonly goal: Goal;
}

/** What a contestant came to, with a value for each round. */
export interface Measurement {
  readonly name: string;
  readonly unit: string;
  readonly samples: readonly number[];
  /** Told beside it, by name. */
  readonly details: Readonly<Record<string, string>>;
}

/** What was measured beside each other. */
export interface Section {
  readonly key: string;
  readonly title: string;
  /** How it was measured: what a reader needs to find it fair. */
  readonly how: string;
  readonly measurements: readonly Measurement[];
  readonly figures: readonly Figure[];
}

const reaches = (value: number, is: Goal['is'], bound: number): boolean =>
  is === 'at least' ? value >= bound : value <= bound;

/** By the median of the rounds. Where there is no number, nothing is reached. */
export function verdictOf({ samples, goal }: Figure): 'missed' | 'reached' | 'reached, and the aim' {
  const value = median(samples);
  if (!reaches(value, goal.is, goal.value)) return 'missed';
  return goal.aim !== undefined && reaches(value, goal.is, goal.aim) ? 'reached, and the aim' : 'reached';
}

/** Three significant digits, and thousands set apart. */
export function inDigits(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** The median, and in brackets the least and the most of the rounds where there are several. */
export function withSpread(samples: readonly number[]): string {
  const { least, most } = spread(samples);
  const middle = inDigits(median(samples));
  return samples.length > 1 ? `${middle} (${inDigits(least)}–${inDigits(most)})` : middle;
}
