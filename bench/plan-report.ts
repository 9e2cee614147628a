import { summarise } from './query-plan.js';
import type { PlanSummary, TableSizes } from './query-plan.js';
import type { RecordedStatement } from './plan-recorder.js';

/** What was recorded of one call, or of work that nobody calls for. */
export interface Recorded {
  readonly name: string;
  /** What went wrong besides plans. */
  readonly fault: string | undefined;
  readonly statements: readonly RecordedStatement[];
}

export interface PlanReport {
  readonly markdown: string;
  readonly faults: readonly string[];
}

interface Explained {
  readonly statement: RecordedStatement;
  readonly summary: PlanSummary | undefined;
}

const HEADINGS = ['Call', 'Statement', 'Plan', 'Rows', 'Read', 'Blocks', 'ms', ''];
const STATEMENT_CHARACTERS = 60;

const cell = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().replaceAll('|', '\\|');
const count = (value: number): string => Math.round(value).toLocaleString('en');
const shortened = (text: string): string => {
  const line = cell(text);
  return line.length <= STATEMENT_CHARACTERS ? line : `${line.slice(0, STATEMENT_CHARACTERS)}…`;
};

/** From here on what reads a table is worth a line, and from there on it may not read the whole of it. */
const [TOLD_ROWS, LARGE_ROWS] = [1_000, 50_000];

/** @param sizes how many rows a table has, by its name */
export function reportOf(recorded: readonly Recorded[], sizes: ReadonlyMap<string, number>): PlanReport {
  const rows = (table: string): number => sizes.get(table) ?? 0;
  const known: TableSizes = {
    rows,
    isTold: (table) => rows(table) >= TOLD_ROWS,
    isLarge: (table) => rows(table) >= LARGE_ROWS,
  };
  const faults: string[] = [];
  const lines: string[][] = [];
  let others = 0;
  for (const { name, fault, statements } of recorded) {
    const summarised = statements.map((statement): Explained => ({
      statement,
      summary: statement.plan && summarise(statement.plan, known),
    }));
    const told = summarised.filter(({ summary }) => summary === undefined || summary.tables.length > 0);
    others += summarised.length - told.length;
    const found = [...(fault === undefined ? [] : [fault]), ...told.flatMap(faultsOf)];
    faults.push(...found.map((text) => `${name}: ${text}`));
    if (fault !== undefined) lines.push([name, '', '', '', '', '', '', `**${fault}**`]);
    lines.push(...told.map((each) => [name, ...cellsOf(each)]));
  }
  const table = [HEADINGS, HEADINGS.map(() => '---'), ...lines].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
  const rest = `${others} other statements read no table of ${TOLD_ROWS} rows.`;
  return { markdown: [...table, '', rest].join('\n'), faults };
}

/** What may not be, a line each. */
function faultsOf({ statement: { text, failure }, summary }: Explained): string[] {
  const found = [
    ...(failure === undefined ? [] : [failure]),
    ...(summary?.sequential ?? []).map((table) => `reads all of ${table}`),
    ...(summary?.walked ?? []).map((table) => `reads most of ${table} by an index for nothing`),
  ];
  return found.map((fault) => `${fault}: ${shortened(text)}`);
}

function cellsOf({ statement, summary }: Explained): string[] {
  const text = `\`${shortened(statement.text)}\``;
  if (summary === undefined) return [text, '', '', '', '', '', `**${statement.failure ?? 'no plan'}**`];
  const { shape, returned, read, buffers, ms, sequential, walked, readsTooMany } = summary;
  const notes = [
    ...sequential.map((table) => `**Seq Scan of ${table}**`),
    ...walked.map((table) => `**walks ${table}**`),
    ...(readsTooMany ? ['reads far more than it returns'] : []),
  ];
  return [text, shape, count(returned), count(read), count(buffers), ms.toFixed(1), notes.join('; ')];
}
