const sortedOf = (values: readonly number[]): readonly number[] => values.toSorted((one, other) => one - other);

/** @returns NaN where there is none */
export function median(values: readonly number[]): number {
  const sorted = sortedOf(values);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? NaN : (low + high) / 2;
}

/** The least value that is not below this share of them: 0.99 of two thousand is the twentieth from the top. */
export function quantile(values: readonly number[], share: number): number {
  return sortedOf(values)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? NaN;
}

/** Round by round, so that what slows the machine for a while slows both of a pair. */
export function ratios(values: readonly number[], to: readonly number[]): readonly number[] {
  return values.map((value, round) => value / (to[round] ?? NaN));
}

export interface Spread {
  readonly least: number;
  readonly most: number;
}

export const spread = (values: readonly number[]): Spread => ({
  least: Math.min(...values),
  most: Math.max(...values),
});
