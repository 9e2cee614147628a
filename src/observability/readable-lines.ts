import { prettyFactory } from 'pino-pretty';
import { printable } from './printable.js';

/** However deep it stands; names too. */
function printableValue(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [printable(name), printableValue(each)]));
}

/** Makes lines of JSON readable; the stack of an error stands below its line. */
export function readableLines(colours: boolean): (json: string) => string {
  const pretty = prettyFactory({
    colorize: colours,
    singleLine: true,
    messageKey: 'message',
    messageFormat: '[{context}] {message}',
    ignore: 'context',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return (json) => {
    const { stack, ...line } = JSON.parse(json) as Record<string, unknown>;
    const shown = pretty(printableValue(line));
    if (typeof stack !== 'string') return shown;
    const below = stack.split('\n').map((each) => `    ${printable(each)}\n`);
    return shown + below.join('');
  };
}
