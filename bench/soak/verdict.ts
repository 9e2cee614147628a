import type { Memory } from '../measured-process.js';

export interface Sample {
  /** Answered until then. */
  readonly requests: number;
  readonly memory: Memory;
}

export interface Soak {
  readonly idle: Memory;
  readonly samples: readonly Sample[];
  readonly idleAfter: Memory;
}

const MEBIBYTE = 2 ** 20;
const IDLE_LIMIT_BYTES = 150 * MEBIBYTE;
/** How far a sample may be from the median, and how far all of them may rise from the first to the last. */
const FLAT_WITHIN = 0.1;
/** Of the run: caches and the collector's own sizes settle. */
const WARM_UP = 0.1;

export const inMebibytes = (bytes: number): string => (bytes / MEBIBYTE).toFixed(1);

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return (low + high) / 2;
};

/** Of the straight line through all of them with the least squares, between the first and the last. */
function rise(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  return variance === 0 ? 0 : (covariance / variance) * (last - first);
}

export interface Verdict {
  readonly medianBytes: number;
  /** The sample that is furthest from the median, and the line's rise, as parts of it. */
  readonly furthest: number;
  readonly risen: number;
  /** What was promised and is not so. */
  readonly misses: readonly string[];
}

export function judge({ idle, samples, idleAfter }: Soak): Verdict {
  const total = samples.at(-1)?.requests ?? 0;
  const settled = samples.filter(({ requests }) => requests > WARM_UP * total);
  const medianBytes = median(settled.map(({ memory }) => memory.rss));
  const furthest = Math.max(0, ...settled.map(({ memory }) => Math.abs(memory.rss / medianBytes - 1)));
  const risen = rise(settled.map(({ requests, memory }) => [requests, memory.rss])) / medianBytes;
  const told = inMebibytes(IDLE_LIMIT_BYTES);
  const misses = [
    ...(idle.rss < IDLE_LIMIT_BYTES ? [] : [`idle after the start: ${inMebibytes(idle.rss)} MiB, not under ${told}`]),
    ...(idleAfter.rss < IDLE_LIMIT_BYTES
      ? []
      : [`idle after the soak: ${inMebibytes(idleAfter.rss)} MiB, not under ${told}`]),
    ...(furthest <= FLAT_WITHIN ? [] : [`a sample is ${percent(furthest)} away from the median`]),
    ...(risen <= FLAT_WITHIN ? [] : [`it rose by ${percent(risen)} over the soak`]),
  ];
  return { medianBytes, furthest, risen, misses };
}

export const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
