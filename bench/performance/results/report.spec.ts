import type { Section } from './figure.js';
import { chartOf, merged, report } from './report.js';
import type { Measured } from './report.js';

const section = (key: string, samples: readonly number[]): Section => ({
  key,
  title: `Of ${key}`,
  how: 'In turn.',
  measurements: [
    { name: 'raw', unit: 'requests/s', samples: [2_000, 4_000, 3_000], details: { 'p99 ms': '3.00' } },
    { name: 'Gatehouse', unit: 'requests/s', samples: [1_500], details: {} },
  ],
  figures: [{ name: 'guarded', unit: 'of raw', samples, goal: { is: 'at least', value: 0.5, aim: 0.6 } }],
});
const on = (commit: string): Measured['on'] => ({
  commit,
  at: '2026-11-24T20:00:00.000Z',
  cpu: 'A processor',
  cores: 2,
  memoryGiB: 24,
  system: 'linux 6',
  node: '20.20.2',
  postgres: '17.10',
  fsync: 'on',
  loadBefore: 0.25,
  rounds: 5,
  seconds: 4,
});
const measured = (key: string, commit: string, samples = [0.55]): Measured => ({
  ...section(key, samples),
  on: on(commit),
});

describe('the report of a benchmark', () => {
  it('prints each figure beside its goal, and whether it is reached', () => {
    const text = report([measured('one', 'aaaa', [0.5, 0.4, 0.55]), measured('two', 'bbbb', [0.1])]);
    expect(text).toContain(
      '| Of one: guarded | **0.500 (0.400–0.550)** of raw | at least 0.5 | at least 0.6 | reached |',
    );
    expect(text).toContain('| Of two: guarded | **0.100** of raw | at least 0.5 | at least 0.6 | missed |');
  });

  it('prints what each came to, what was told of it, and on what that was', () => {
    const text = report([measured('one', 'aaaa')]);
    expect(text).toContain('| raw | 3,000 (2,000–4,000) requests/s | 3.00 |');
    expect(text).toContain('| Gatehouse | 1,500 requests/s |  |');
    expect(text).toContain('Commit `aaaa`, 2026-11-24. 2 × A processor');
    expect(text).toContain('fsync on. 5 rounds of 4 s, load before: 0.3.');
  });

  it('replaces what was measured anew, and keeps the rest with the commit that it is of', () => {
    const kept = merged(
      [measured('one', 'aaaa'), measured('two', 'aaaa')],
      [measured('two', 'bbbb'), measured('new', 'bbbb')],
    );
    expect(kept.map(({ key, on: { commit } }) => [key, commit])).toEqual([
      ['one', 'aaaa'],
      ['two', 'bbbb'],
      ['new', 'bbbb'],
    ]);
  });

  it('draws by their medians those that are held against each other by throughput', () => {
    const alone: Section = {
      ...section('start', [1]),
      measurements: [{ name: 'ready', unit: 's', samples: [1], details: {} }],
    };
    const groups = chartOf([section('one', [0.5]), alone]);
    expect(groups.map(({ title }) => title)).toEqual(['Of one, requests/s']);
    expect(groups[0]?.bars.map(({ name, value, isOurs }) => [name, value, isOurs])).toEqual([
      ['raw', 3_000, false],
      ['Gatehouse', 1_500, true],
    ]);
  });
});
