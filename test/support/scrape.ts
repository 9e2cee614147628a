import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Metrics } from '../../src/observability/metrics.js';

type Labels = Readonly<Record<string, string>>;

/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

const LINE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /(?<name>\w+)="(?<value>(?:[^"\\]|\\.)*)"/g;

/** What a scrape told, in Prometheus' text format. */
export class Scrape {
  readonly samples: readonly Sample[];

  constructor(readonly text: string) {
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(sampleOf);
  }

  /** By the registry, without a listener. */
  static async of(app: NestFastifyApplication): Promise<Scrape> {
    return new Scrape(await app.get(Metrics, { strict: false }).registry.metrics());
  }

  /** Over HTTP. */
  static async at(url: string): Promise<Scrape> {
    const response = await fetch(`${url}/metrics`);
    if (response.status !== 200) throw new Error(`the scrape was answered ${response.status}`);
    return new Scrape(await response.text());
  }

  /** The types of what is there, by name. */
  get types(): ReadonlyMap<string, string> {
    return new Map([...this.text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  }

  series(name: string, labels: Labels = {}): Sample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** The sum of the series that have these labels; undefined where there is none. */
  value(name: string, labels: Labels = {}): number | undefined {
    const series = this.series(name, labels);
    return series.length === 0 ? undefined : series.reduce((sum, { value }) => sum + value, 0);
  }
}

function sampleOf(line: string): Sample {
  const { name = '', labels = '', value = '' } = LINE.exec(line)?.groups ?? {};
  if (name === '') throw new Error(`not a line of a scrape: ${line}`);
  const pairs = [...labels.matchAll(LABEL)].map(({ groups }) => [groups?.name ?? '', groups?.value ?? ''] as const);
  const number = /^nan$/i.test(value) ? NaN : Number(value.replace('Inf', 'Infinity'));
  return { name, labels: Object.fromEntries(pairs), value: number };
}
