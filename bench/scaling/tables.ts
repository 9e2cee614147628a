import type { MeasuredCleanup, MeasuredRefreshes, TimedCall } from './at-size.js';
import type { RelationSize } from './table-sizes.js';

const table = (headings: readonly string[], lines: readonly (readonly (string | number)[])[]): string =>
  [headings, headings.map((_, at) => (at === 0 ? '---' : '--:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
const whole = (value: number): string => Math.round(value).toLocaleString('en');
const ms = (value: number): string => value.toFixed(value < 10 ? 2 : 0);

export const sizesTable = (sizes: readonly RelationSize[]): string =>
  table(
    ['relation', 'rows', 'MB', 'bytes a row'],
    sizes.map(({ name, rows, bytes }) => [name, whole(rows), (bytes / 1e6).toFixed(1), whole(bytes / rows)]),
  );

export const refreshTable = (runs: readonly MeasuredRefreshes[]): string =>
  table(
    [
      'refreshes at once',
      'a second',
      'p50 ms',
      'p99 ms',
      'Postgres CPU ms each',
      'WAL bytes each',
      'HOT',
      'autovacuums',
    ],
    runs.map(({ atOnce, perSecond, times, count, work }) => [
      atOnce,
      whole(perSecond),
      ms(times.quantile(0.5)),
      ms(times.quantile(0.99)),
      ms(work.cpuMs / count),
      whole(work.walBytes / count),
      `${((100 * work.hotUpdates) / work.updates).toFixed(1)} %`,
      work.autovacuums,
    ]),
  );

export const callsTable = (calls: readonly TimedCall[]): string =>
  table(
    ['call', 'p50 ms', 'max ms'],
    calls.map(({ name, times }) => [name, ms(times.quantile(0.5)), ms(times.max)]),
  );

export const cleanupLine = ({ sessions, seconds, refreshes }: MeasuredCleanup): string =>
  `A round of cleanup deleted ${whole(sessions)} sessions in ${seconds.toFixed(1)} s; refreshes meanwhile: ` +
  `p50 ${ms(refreshes.quantile(0.5))} ms, p99 ${ms(refreshes.quantile(0.99))} ms, max ${ms(refreshes.max)} ms.`;
