import { parseArgs } from 'node:util';
import { Chance } from '../test/support/chance.js';
import { startBenchDatabase } from './bench-database.js';
import { gatherPeople } from './soak/people.js';
import { idleMemory } from './soak/idle-memory.js';
import { productionEnvironment, startService } from './soak/soaked-service.js';
import type { Memory, MeasuredProcess } from './measured-process.js';
import { Traffic } from './soak/traffic.js';
import { report } from './soak/report.js';
import { inMebibytes, judge } from './soak/verdict.js';
import type { Sample, Soak } from './soak/verdict.js';
import { Wire } from './soak/wire.js';
import { runBenchmark, say } from './run-benchmark.js';

const HELP = `npm run bench:soak -- [--requests 200000] [--seed 1]

Starts the built service as production does, on a Postgres of its own, and tells how much memory it holds: idle, through a
soak of mixed requests, and idle again. Ends with 1 where it is not under 150 MiB idle or not flat to 10 %.
`;
const SAMPLES = 20;
const [PEOPLE, CONCURRENCY] = [200, 16];
async function soak(service: MeasuredProcess, traffic: Traffic, requests: number, idle: Memory): Promise<Soak> {
  const samples: Sample[] = [];
  for (let number = 1; number <= SAMPLES; number += 1) {
    await traffic.send(Math.ceil(requests / SAMPLES));
    samples.push({ requests: number * Math.ceil(requests / SAMPLES), memory: await service.memory() });
    say(`${samples.at(-1)?.requests ?? 0} requests: ${inMebibytes(samples.at(-1)?.memory.rss ?? 0)} MiB`);
  }
  return { idle, samples, idleAfter: await idleMemory(service) };
}

function optionsOf(): { readonly requests: number; readonly seed: number } | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { requests: text, seed: text, help: { type: 'boolean' } } });
  if (values.help) return undefined;
  const whole = (given: string | undefined, usual: number): number => {
    const wanted = given === undefined ? usual : Number(given.replaceAll('_', ''));
    if (Number.isSafeInteger(wanted) && wanted > 0) return wanted;
    throw new Error(`A whole number from 1 on is wanted, not ${given ?? ''}.`);
  };
  return { requests: whole(values.requests, 200_000), seed: whole(values.seed, 1) };
}

/** @returns the exit code */
async function main(): Promise<number> {
  const options = optionsOf();
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const database = await startBenchDatabase();
  try {
    const { url, process: service } = await startService(productionEnvironment(database.url));
    const wire = new Wire(url, CONCURRENCY);
    try {
      const idle = await idleMemory(service);
      say(`idle: ${inMebibytes(idle.rss)} MiB`);
      const chance = new Chance(options.seed);
      const people = await gatherPeople(wire, database.url, PEOPLE, chance);
      const traffic = new Traffic({ ...people, wire, chance }, CONCURRENCY);
      const result = await soak(service, traffic, options.requests, idle);
      process.stdout.write(report(result, traffic, { people: PEOPLE, concurrency: CONCURRENCY }));
      for (const fault of traffic.faults) say(`FAULT ${fault}`);
      return judge(result).misses.length + traffic.faults.length > 0 ? 1 : 0;
    } finally {
      wire.close();
      await service.stop();
    }
  } finally {
    await database.stop();
  }
}

runBenchmark(main);
