import type { LoggerService } from '@nestjs/common';
import { pino, stdTimeFunctions } from 'pino';
import type { Logger as Pino } from 'pino';
import type { AppConfig } from '../config/app-config.js';
import { LogOutput, standardOutput } from './log-output.js';
import { printable } from './printable.js';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Nest tells of every module and route at each start: nothing that an operator asks. */
const FRAMEWORK = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);
const STACK = /\n\s+at /;

/** The lines of the service's log, behind Nest's `Logger`. A message may be an object: `message`, and fields of its own. */
export class ServiceLogger implements LoggerService {
  constructor(
    private readonly pino: Pino,
    private readonly output: LogOutput,
  ) {
    this.countLosses(() => undefined);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    if (!FRAMEWORK.has(String(rest.at(-1)))) this.write('info', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** A line of fields that are plain values, `context` and `message` among them, past Nest's `Logger`: for each request. */
  line(level: Level, fields: Readonly<Record<string, string | number | boolean | undefined>>): void {
    this.pino[level](fields);
  }

  /** Resolves when all lines are written, or after a second: before the process exits. */
  flush(): Promise<void> {
    return this.output.flush();
  }

  /** Has lines that could not be written counted; the log says so by itself as soon as it can. */
  countLosses(onLoss: (lines: number) => void): void {
    this.output.watch(onLoss, (dropped) => {
      this.warn({ message: `${dropped} lines of log could not be written and are lost.`, dropped }, 'Log');
    });
  }

  /** @param rest as Nest's `Logger` gives it: the stack of an error first, the context last */
  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const texts = rest.filter((each) => typeof each === 'string');
    const context = texts.findLast((text) => !STACK.test(text));
    const stack = texts.find((text) => text !== context);
    const { message: text, ...fields } = membersOf(message);
    this.pino[level]({ context, ...fields, ...(stack === undefined ? {} : { stack }) }, String(text));
  }
}

function membersOf(message: unknown): Record<string, unknown> {
  // Other members of an error may hold values.
  if (message instanceof Error) return { message: message.message, stack: message.stack };
  return typeof message === 'object' && message !== null ? { ...message } : { message: String(message) };
}

/** JSON, one object a line, in production; text in development. */
export async function createLogger(
  { mode, logLevel }: Pick<AppConfig, 'mode' | 'logLevel'>,
  output = new LogOutput(standardOutput),
): Promise<ServiceLogger> {
  const format = mode === 'production' ? safeJson : await readable();
  const options = {
    level: logLevel,
    base: null,
    messageKey: 'message',
    timestamp: timeOfLine(),
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const destination = {
    write: (line: string) => {
      output.write(format(line));
    },
    // Called behind a fatal line.
    flushSync: () => {
      output.flushSync();
    },
  };
  return new ServiceLogger(pino(options, destination), output);
}

/** Made once a millisecond at most: many lines are of the same. */
function timeOfLine(): () => string {
  let [madeMs, text] = [-1, ''];
  return () => {
    const ms = Math.floor(performance.now());
    if (ms !== madeMs) [madeMs, text] = [ms, stdTimeFunctions.isoTime()];
    return text;
  };
}

const safeJson = (line: string): string => `${printable(line.trimEnd())}\n`;

async function readable(): Promise<(line: string) => string> {
  const { readableLines } = await import('./readable-lines.js');
  return readableLines(process.stdout.isTTY);
}
