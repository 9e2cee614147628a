import { prettyFactory } from 'pino-pretty';
import { printable } from './printable.js';

const printableValue = (value: unknown): unknown => (typeof value === 'string' ? printable(value) : value);

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
    const shown = pretty(
      Object.fromEntries(Object.entries(line).map(([name, value]) => [name, printableValue(value)])),
    );
    if (typeof stack !== 'string') return shown;
    const below = stack.split('\n').map((each) => `    ${printable(each)}\n`);
    return shown + below.join('');
  };
}
