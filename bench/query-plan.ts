/** A node of `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)`, as far as it is read here. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Scan Direction'?: string;
  readonly Operation?: string;
  /** A loop's average. */
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface ExplainedPlan {
  readonly Plan: PlanNode;
  readonly 'Planning Time': number;
  readonly 'Execution Time': number;
}

/** What is worth knowing of a plan. */
export interface PlanSummary {
  /** From the outside in: `Limit > Index Scan Backward sessions_pkey`. */
  readonly shape: string;
  /** Of the tables that are worth a line, those that it reads. */
  readonly tables: readonly string[];
  /** Of the large ones, those that it reads from end to end. */
  readonly sequential: readonly string[];
  /** Of the large ones, those of which it reads most to throw most of that away: by an index, but no better. */
  readonly walked: readonly string[];
  readonly returned: number;
  readonly read: number;
  readonly readsTooMany: boolean;
  /** Blocks of 8 KiB. */
  readonly buffers: number;
  readonly ms: number;
}

/** How many rows are read for each that is wanted before it is worth a word. */
const FAR_MORE = 10;
const FEW_ROWS = 1_000;
/** Where a query wants more than this part of a table, reading all of it in a row is the right plan. */
const SMALL_PART = 0.1;
/** Of a table's rows, how many are most. */
const MOST = 0.5;
const MONTH = /_\d{4}_\d{2}(?=_|$)/;

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const rowsOut = (node: PlanNode): number => node['Actual Rows'] * node['Actual Loops'];
const rowsDiscarded = (node: PlanNode): number =>
  ((node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) * node['Actual Loops'];
const unique = (values: readonly string[]): string[] => [...new Set(values)];
const withoutMonth = (name: string): string => name.replace(MONTH, '_*');

/** What a table is to a report, by its name: that of a partition, where it is one. */
export interface TableSizes {
  readonly isTold: (table: string) => boolean;
  readonly isLarge: (table: string) => boolean;
  readonly rows: (table: string) => number;
}

export function summarise({ Plan: top, ...times }: ExplainedPlan, sizes: TableSizes): PlanSummary {
  const ran = nodesOf(top).filter((node) => node['Actual Loops'] > 0);
  const scans = ran.flatMap((node) =>
    node['Relation Name'] === undefined ? [] : [{ ...node, table: node['Relation Name'] }],
  );
  const reading = scans.filter((node) => node['Node Type'] !== 'ModifyTable');
  const kept = sum(reading.map(rowsOut));
  const read = kept + sum(reading.map(rowsDiscarded));
  const returned = Math.max(rowsOut(top), ...ran.filter((node) => node['Node Type'] === 'ModifyTable').map(rowsIn));
  // A count is one row of many, all of them wanted.
  const wanted = ran.some((node) => node['Node Type'] === 'Aggregate') ? kept : returned;
  const readsTooMany = read > FEW_ROWS && read > FAR_MORE * wanted;
  const large = reading.filter(({ table }) => sizes.isLarge(table));
  const walked = large.filter((node) => readsTooMany && rowsDiscarded(node) > MOST * sizes.rows(node.table));
  return {
    shape: shapeOf(top),
    tables: tablesOf(reading.filter(({ table }) => sizes.isTold(table))),
    sequential: tablesOf(
      large.filter((node) => node['Node Type'] === 'Seq Scan' && rowsOut(node) < SMALL_PART * sizes.rows(node.table)),
    ),
    walked: tablesOf(walked.filter((node) => node['Node Type'] !== 'Seq Scan')),
    returned,
    read,
    readsTooMany,
    buffers: (top['Shared Hit Blocks'] ?? 0) + (top['Shared Read Blocks'] ?? 0),
    ms: times['Execution Time'],
  };
}

const tablesOf = (nodes: readonly { readonly table: string }[]): string[] =>
  unique(nodes.map(({ table }) => withoutMonth(table)));
const rowsIn = (node: PlanNode): number => sum((node.Plans ?? []).map(rowsOut));

function shapeOf(node: PlanNode): string {
  const backward = node['Scan Direction'] === 'Backward' ? ' Backward' : '';
  const target = node['Index Name'] ?? node['Relation Name'];
  const name =
    (node.Operation ?? node['Node Type']) + backward + (target === undefined ? '' : ` ${withoutMonth(target)}`);
  const skipped = node['Actual Loops'] === 0 ? ' (not run)' : '';
  const children = (node.Plans ?? []).map(shapeOf);
  if (children.length === 0) return name + skipped;
  const grouped = unique(children).map((child) => {
    const { length } = children.filter((other) => other === child);
    return length === 1 ? child : `${length} × ${child}`;
  });
  return `${name}${skipped} > ${grouped.length === 1 ? (grouped[0] ?? '') : `(${grouped.join('; ')})`}`;
}
