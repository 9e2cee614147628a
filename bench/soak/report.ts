import os from 'node:os';
import type { Memory } from '../measured-process.js';
import type { Traffic } from './traffic.js';
import { inMebibytes, judge, percent } from './verdict.js';
import type { Soak } from './verdict.js';

interface Load {
  readonly people: number;
  readonly concurrency: number;
}

/** What was measured, as Markdown. */
export function report(result: Soak, traffic: Traffic, { people, concurrency }: Load): string {
  const { medianBytes, furthest, risen, misses } = judge(result);
  const line = (name: string, { rss, heapUsed, external }: Memory): string =>
    `| ${name} | ${inMebibytes(rss)} | ${inMebibytes(heapUsed)} | ${inMebibytes(external)} |`;
  const { idle, samples, idleAfter } = result;
  const sent = samples.at(-1)?.requests ?? 0;
  return `# Memory, idle and through ${sent} mixed requests

Node ${process.versions.node}, ${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}, ${os.platform()}. The built service with
NODE_ENV=production, ${people} people, ${concurrency} requests at once, ${Math.round(sent / traffic.seconds)} requests a second.
MiB after a collection.

| after | resident | heap in use | external |
|---|--:|--:|--:|
${[line('the start, idle', idle), ...samples.map(({ requests, memory }) => line(`${requests} requests`, memory)), line('the soak, idle', idleAfter)].join('\n')}

Requests: ${traffic.tally.map(([name, count]) => `${name} ${count}`).join(', ')}.

Idle: **${inMebibytes(idle.rss)} MiB** after the start, ${inMebibytes(idleAfter.rss)} MiB after the soak. Through the soak, its first tenth apart: median ${inMebibytes(medianBytes)} MiB, the furthest sample
${percent(furthest)} away, ${percent(risen)} of rise from end to end. ${misses.length === 0 ? '**Kept.**' : `**Missed:** ${misses.join('; ')}.`}
`;
}
