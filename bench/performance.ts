import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { SystemClock } from '../src/shared/clock.js';
import { connected } from './bench-database.js';
import type { Bench, Measure } from './performance/bench.js';
import { withDeployment } from './performance/deployment.js';
import { LoadGenerator } from './performance/load/load-generator.js';
import { commitOf, machine } from './performance/results/machine.js';
import type { Circumstances } from './performance/results/machine.js';
import { keepResults } from './performance/results/kept-results.js';
import { report } from './performance/results/report.js';
import type { Measured } from './performance/results/report.js';
import { measureGuarded } from './performance/sections/guarded.js';
import { measureDenylist } from './performance/sections/denylist.js';
import { measurePropagation } from './performance/sections/propagation.js';
import { measureRefreshAtSize } from './performance/sections/refresh-at-size.js';
import { measureStart } from './performance/sections/start.js';
import { measureRefresh } from './performance/sections/refresh.js';
import { measureResponsiveness } from './performance/sections/responsiveness.js';
import { measureSignIn } from './performance/sections/sign-in.js';
import { runBenchmark, say } from './run-benchmark.js';

const SECTIONS: Readonly<Record<string, Measure>> = {
  guarded: measureGuarded,
  'sign-in': measureSignIn,
  responsiveness: measureResponsiveness,
  refresh: measureRefresh,
  'refresh-at-size': measureRefreshAtSize,
  denylist: measureDenylist,
  propagation: measurePropagation,
  start: measureStart,
};
const PROFILER = pathToFileURL(path.resolve('bench/performance/profiler.mjs')).href;
const QUICK = ['guarded', 'sign-in', 'refresh'];

const HELP = `npm run bench -- [--only guarded,refresh] [--rounds 5] [--seconds 5] [--many 1000000] [--quick] [--no-write]
                [--profile FOLDER] [--set HASH_CONCURRENCY=4]

Measures the built service beside what it can be held against and prints each figure with its goal. The results replace
those of the same sections in docs/performance.md, .json and .svg, unless --no-write says otherwise; --quick measures a few
for a few seconds and writes nothing. --profile FOLDER leaves a .cpuprofile of each instance of Gatehouse there: they are
slower meanwhile, and nothing is written. --set NAME=VALUE, as often as wanted, changes Gatehouse's configuration (of
UV_THREADPOOL_SIZE the loops' too), and nothing is written.

Sections: ${Object.keys(SECTIONS).join(', ')}.
`;

function settingOf(text: string): readonly [string, string] {
  const [, name, value] = /^([A-Z0-9_]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new Error(`NAME=VALUE is wanted, not ${text}.`);
  return [name, value];
}

interface Options extends Omit<Bench, 'generator'> {
  readonly sections: readonly string[];
  readonly writes: boolean;
}

function optionsOf(): Options | undefined {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    options: {
      only: text,
      rounds: text,
      seconds: text,
      many: text,
      profile: text,
      set: { type: 'string', multiple: true, default: [] },
      quick: flag,
      'no-write': flag,
      help: flag,
    },
  });
  if (values.help) return undefined;
  const whole = (given: string | undefined, usual: number): number => {
    const wanted = given === undefined ? usual : Number(given.replaceAll('_', ''));
    if (Number.isSafeInteger(wanted) && wanted > 0) return wanted;
    throw new Error(`A whole number from 1 on is wanted, not ${given ?? ''}.`);
  };
  const quick = values.quick ?? false;
  const sections = values.only?.split(',') ?? (quick ? QUICK : Object.keys(SECTIONS));
  const unknown = sections.filter((name) => !(name in SECTIONS));
  if (unknown.length > 0)
    throw new Error(`There is no section ${unknown.join(', ')}: ${Object.keys(SECTIONS).join(', ')}.`);
  const { profile } = values;
  return {
    sections,
    writes: !quick && !values['no-write'] && profile === undefined && values.set.length === 0,
    rounds: whole(values.rounds, quick ? 2 : 5),
    seconds: whole(values.seconds, quick ? 1 : 5),
    many: whole(values.many, 1_000_000),
    settings: Object.fromEntries(values.set.map(settingOf)),
    isQuick: quick,
    nodeOptions:
      profile === undefined ? '' : `--import ${PROFILER}?folder=${encodeURIComponent(path.resolve(profile))}`,
  };
}

const postgresFacts = (): Promise<Pick<Circumstances, 'postgres' | 'fsync'>> =>
  withDeployment({}, (deployment) =>
    connected(deployment.databaseUrl, async (client) => {
      const ask = async (name: string): Promise<string> =>
        (await client.query<{ value: string }>('SELECT current_setting($1) AS value', [name])).rows[0]?.value ??
        'unknown';
      return { postgres: await ask('server_version'), fsync: await ask('fsync') };
    }),
  );

async function measureAll(options: Options): Promise<readonly Measured[]> {
  const { sections, rounds, seconds } = options;
  const at = new SystemClock().now().toISOString();
  const facts = { ...machine(), ...(await postgresFacts()), commit: options.writes ? commitOf('.') : 'unknown', at };
  const generator = new LoadGenerator();
  const measured: Measured[] = [];
  try {
    for (const name of sections) {
      const [loadBefore = NaN] = os.loadavg();
      say(`${name} (load ${loadBefore.toFixed(1)})`);
      const section = await SECTIONS[name]?.({ ...options, generator });
      if (section) measured.push({ ...section, on: { ...facts, loadBefore, rounds, seconds } });
    }
    return measured;
  } finally {
    await generator.stop();
  }
}

/** @returns the exit code: a figure that misses its goal is no failure */
async function main(): Promise<number> {
  const options = optionsOf();
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const measured = await measureAll(options);
  process.stdout.write(report(measured));
  if (options.writes) await keepResults(measured);
  return 0;
}

runBenchmark(main);
