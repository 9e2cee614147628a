import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Registry } from 'prom-client';
import { Metrics } from '../../src/observability/metrics.js';
import { collectProcessMetrics } from '../../src/observability/process-metrics.js';

const HEADINGS = ['Name', 'Type', 'Labels', 'Meaning'];
const OWN = 'gatehouse_';

interface Described {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** What the service declares of its own, as `docs/metrics.md` has it: a table in Markdown. */
export function metricsTable(app: NestFastifyApplication): string {
  const ofProcess = new Registry();
  collectProcessMetrics(ofProcess);
  const { registry } = app.get(Metrics, { strict: false });
  const metrics = [...registry.getMetricsAsArray(), ...ofProcess.getMetricsAsArray()] as unknown as Described[];
  const rows = metrics
    .filter(({ name }) => name.startsWith(OWN))
    .sort((one, other) => one.name.localeCompare(other.name))
    .map(({ name, type, help, labelNames }) => [
      `\`${name}\``,
      type,
      labelNames.map((each) => `\`${each}\``).join(', '),
      help,
    ]);
  const widths = HEADINGS.map((heading, at) =>
    Math.max(heading.length, ...rows.map((cells) => (cells[at] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [line(HEADINGS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
