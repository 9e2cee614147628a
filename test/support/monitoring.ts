import { readFileSync } from 'node:fs';

const RULES = 'deploy/prometheus/gatehouse.rules.yml';
const DASHBOARD = 'deploy/grafana/dashboards/gatehouse.json';
/** Either on the line of its key, or as a block below it. */
const EXPRESSION = /^ +expr: (?:\|\n(?<block>(?: {10,}.*\n)+)|(?<line>.*)\n)/gm;
const SELECTOR = /\b(?<name>(?:gatehouse|nodejs|process)_\w+)(?:\{(?<matchers>[^}]*)\})?/g;
const MATCHER = /(?<label>\w+)(?<operator>=~|!~|!=|=)"(?<value>[^"]*)"/g;
/** Those that Prometheus adds, and the dashboard's variables. */
const FROM_OUTSIDE = new Set(['job', 'instance']);

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
}
interface Dashboard {
  readonly uid: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly Panel[];
}

/** Series that an expression asks for. */
export interface Selector {
  readonly name: string;
  /** Of the service's own labels; a negation selects what is left, which may be nothing. */
  readonly matchers: readonly { readonly label: string; readonly pattern: RegExp }[];
}

export const rulesText = (): string => readFileSync(RULES, 'utf8');
export const alertNames = (): string[] => [...rulesText().matchAll(/alert: (\w+)/g)].map(([, name = '']) => name);
export const ruleExpressions = (): string[] =>
  [...rulesText().matchAll(EXPRESSION)].map(({ groups }) => groups?.block ?? groups?.line ?? '');

export const readDashboard = (): Dashboard => JSON.parse(readFileSync(DASHBOARD, 'utf8')) as Dashboard;
/** With values in the place of Grafana's variables. */
export const dashboardExpressions = (): string[] =>
  readDashboard()
    .panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map((expr) => expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*').replaceAll('$instance', '.*'));

export function selectorsIn(expression: string): Selector[] {
  return [...expression.matchAll(SELECTOR)].map(({ groups }) => {
    const matchers = [...(groups?.matchers ?? '').matchAll(MATCHER)].flatMap(({ groups: matcher }) => {
      const { label = '', operator = '', value = '' } = matcher ?? {};
      if (FROM_OUTSIDE.has(label) || operator.startsWith('!')) return [];
      const literal = value.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
      return [{ label, pattern: new RegExp(`^(?:${operator === '=' ? literal : value})$`) }];
    });
    return { name: groups?.name ?? '', matchers };
  });
}
