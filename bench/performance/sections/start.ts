import { idleMemory } from '../../soak/idle-memory.js';
import { say } from '../../run-benchmark.js';
import type { Bench } from '../bench.js';
import { withDeployment } from '../deployment.js';
import type { Deployment } from '../deployment.js';
import { inDigits } from '../results/figure.js';
import type { Section } from '../results/figure.js';

const MEGABYTE = 2 ** 20;

interface Started {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function startOnce(deployment: Deployment): Promise<Started> {
  const { process } = await deployment.instance();
  const started = { seconds: process.readyAfterMs / 1000, cpuSeconds: process.readyCpuMs / 1000 };
  await process.stop();
  return started;
}

/** How soon it is there, and how much it holds then. */
export const measureStart = (bench: Bench): Promise<Section> =>
  withDeployment(bench.settings, async (deployment) => {
    // The first makes the keys and the admin, which is an installation.
    const first = await startOnce(deployment);
    const starts: Started[] = [];
    for (let round = 0; round < bench.rounds; round += 1) {
      starts.push(await startOnce(deployment));
      say(`  ${round + 1}/${bench.rounds} ready after ${inDigits(starts.at(-1)?.seconds ?? NaN)} s`);
    }
    const { process } = await deployment.instance();
    const { rss, heapUsed } = await idleMemory(process);
    const seconds = starts.map((start) => start.seconds);
    return {
      key: 'start',
      title: 'Start and idle memory',
      how:
        'The built service by `bin/gatehouse` on a migrated database of a running Postgres, from the start of the process to the first 200 of ' +
        '`/health/ready`, a new process each time; files are in the system’s cache. Memory is what is resident, idle, after a collection, ' +
        'once it stays the same.',
      measurements: [
        {
          name: 'ready after',
          unit: 's',
          samples: seconds,
          details: {
            'the very first, s': inDigits(first.seconds),
            'CPU, s': inDigits(Math.min(...starts.map((start) => start.cpuSeconds))),
          },
        },
        {
          name: 'idle, resident',
          unit: 'MiB',
          samples: [rss / MEGABYTE],
          details: { 'heap in use, MiB': inDigits(heapUsed / MEGABYTE) },
        },
      ],
      figures: [
        { name: 'ready after', unit: 's', samples: seconds, goal: { is: 'at most', value: 1.5, aim: 1 } },
        {
          name: 'idle, resident',
          unit: 'MiB',
          samples: [rss / MEGABYTE],
          goal: { is: 'at most', value: 150, aim: 110 },
        },
      ],
    };
  });
