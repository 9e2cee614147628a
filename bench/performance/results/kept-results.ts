import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'prettier';
import { barChart } from './bar-chart.js';
import { withMeasured } from './marked-part.js';
import { chartOf, merged, report } from './report.js';
import type { Measured } from './report.js';

const PAGE = 'docs/performance.md';
const [RESULTS, CHART] = ['docs/performance.json', 'docs/performance.svg'];

/** Writes the results of a run into the page, beside it as JSON, and as a chart. @param folder of the project */
export async function keepResults(measured: readonly Measured[], folder = '.'): Promise<void> {
  const at = (file: string): string => path.join(folder, file);
  const before = existsSync(at(RESULTS))
    ? (JSON.parse(readFileSync(at(RESULTS), 'utf8')) as { readonly sections: readonly Measured[] }).sections
    : [];
  const sections = merged(before, measured);
  const style = { singleQuote: true, printWidth: 120 };
  const page = withMeasured(readFileSync(at(PAGE), 'utf8'), `![](performance.svg)\n\n${report(sections)}`);
  writeFileSync(at(PAGE), await format(page, { ...style, parser: 'markdown' }));
  writeFileSync(at(RESULTS), await format(JSON.stringify({ sections }), { ...style, parser: 'json' }));
  writeFileSync(at(CHART), barChart(chartOf(sections)));
}
