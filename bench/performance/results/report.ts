import { median } from '../statistics.js';
import type { BarGroup } from './bar-chart.js';
import { inDigits, verdictOf, withSpread } from './figure.js';
import type { Figure, Measurement, Section } from './figure.js';
import type { Circumstances } from './machine.js';

/** A section with what it was measured on: sections may be of different runs. */
export interface Measured extends Section {
  readonly on: Circumstances;
}

/** Those of before, with what was measured anew in its place and what is new behind. */
export function merged(before: readonly Measured[], now: readonly Measured[]): readonly Measured[] {
  const anew = new Map(now.map((section) => [section.key, section]));
  const known = new Set(before.map(({ key }) => key));
  return [...before.map((section) => anew.get(section.key) ?? section), ...now.filter(({ key }) => !known.has(key))];
}

const table = (headings: readonly string[], lines: readonly (readonly string[])[]): string =>
  [headings, headings.map((_, at) => (at === 0 ? '---' : '--:')), ...lines]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

const figureLine = (title: string, figure: Figure): readonly string[] => {
  const { name, unit, samples, goal } = figure;
  const aim = goal.aim === undefined ? '' : `${goal.is} ${goal.aim}`;
  return [
    `${title}: ${name}`,
    `**${withSpread(samples)}** ${unit}`,
    `${goal.is} ${goal.value}`,
    aim,
    verdictOf(figure),
  ];
};

/** Each figure with its goal. */
const figuresTable = (sections: readonly Section[]): string =>
  table(
    ['figure', 'median of the rounds (least–most)', 'goal', 'then aim at', ''],
    sections.flatMap(({ title, figures }) => figures.map((figure) => figureLine(title, figure))),
  );

function measurementsTable(measurements: readonly Measurement[]): string {
  const details = [...new Set(measurements.flatMap((one) => Object.keys(one.details)))];
  return table(
    ['', 'median of the rounds (least–most)', ...details],
    measurements.map(({ name, unit, samples, details: told }) => [
      name,
      `${withSpread(samples)} ${unit}`,
      ...details.map((detail) => told[detail] ?? ''),
    ]),
  );
}

const circumstancesLine = ({ on }: Measured): string =>
  `Commit \`${on.commit}\`, ${on.at.slice(0, 10)}. ${on.cores} × ${on.cpu}, ${on.memoryGiB} GiB, ${on.system}; Node ${on.node}, Postgres ` +
  `${on.postgres} with fsync ${on.fsync}. ${on.rounds} rounds of ${on.seconds} s, load before: ${on.loadBefore.toFixed(1)}.`;

/** What was measured, as Markdown. */
export function report(sections: readonly Measured[]): string {
  const told = sections.map(
    (section) =>
      `### ${section.title}\n\n${section.how}\n\n${measurementsTable(section.measurements)}\n\n${circumstancesLine(section)}\n`,
  );
  return [`${figuresTable(sections)}\n`, ...told].join('\n');
}

/** What is held against each other, section by section; those that measure only themselves have no chart. */
export const chartOf = (sections: readonly Section[]): readonly BarGroup[] =>
  sections
    .filter(({ measurements: [first, ...others] }) => first?.unit.endsWith('/s') && others.length > 0)
    .map(({ title, measurements }) => ({
      title: `${title}, ${measurements[0]?.unit ?? ''}`,
      bars: measurements.map(({ name, samples }) => ({
        name,
        value: median(samples),
        label: inDigits(median(samples)),
        isOurs: name.startsWith('Gatehouse'),
      })),
    }));
