import 'reflect-metadata';
import { open } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { AuditLog } from './audit/audit-log.js';
import { DataKeys } from './crypto/data-keys.js';
import { SystemClock } from './shared/clock.js';
import { exitCodeOf, messageOf } from './start-errors.js';
import { AccountImport, ImportStoppedError } from './users/import/account-import.js';
import type { ImportReport } from './users/import/account-import.js';
import { withConnection } from './with-database.js';

const USAGE = `Usage: npm run users:import -- [--from-line N] FILE

FILE has one account a line, as JSON; - is the standard input. See docs/importing-users.md.`;
const EXIT_INCOMPLETE = 1;
const EXIT_USAGE = 2;

class UsageError extends Error {}

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

const report: ImportReport = {
  refused: (line, reason) => {
    tell(`line ${line}: ${reason}`);
  },
  committed: (line) => {
    tell(`committed up to line ${line}`);
  },
};

/** @returns the exit code */
async function importUsers(args: string[]): Promise<number> {
  const { file, fromLine } = readArguments(args);
  const stopping = stopWhenTold();
  const input = addAbortSignal(stopping, await openInput(file));
  // Told by whoever reads it; before that, a signal must not end the process in the middle.
  input.on('error', () => undefined);
  try {
    const { imported, alreadyThere, refused } = await withConnection(tell, async (dataSource, config) => {
      const clock = new SystemClock();
      const keys = new DataKeys(dataSource, clock, config);
      // Before a transaction has the only connection.
      await keys.onModuleInit();
      const audit = new AuditLog(dataSource, keys);
      return new AccountImport(dataSource, audit, clock, report).run(input, { fromLine, signal: stopping });
    });
    process.stdout.write(`${imported} imported, ${alreadyThere} already there, ${refused} refused\n`);
    return refused === 0 ? 0 : EXIT_INCOMPLETE;
  } finally {
    // An open standard input would keep the process.
    input.destroy();
  }
}

function readArguments(args: string[]): { file: string; fromLine: number } {
  try {
    const options = { 'from-line': { type: 'string', default: '1' } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [file, ...others] = positionals;
    const fromLine = values['from-line'];
    if (file !== undefined && others.length === 0 && /^[1-9]\d{0,14}$/.test(fromLine)) {
      return { file, fromLine: Number(fromLine) };
    }
  } catch {
    // An option that there is not.
  }
  throw new UsageError(USAGE);
}

async function openInput(name: string): Promise<Readable> {
  if (name === '-') return process.stdin;
  try {
    const file = await open(name);
    if (!(await file.stat()).isDirectory()) return file.createReadStream();
  } catch {
    // Told below.
  }
  throw new UsageError(`${name} cannot be read.`);
}

/** What is under way is committed first; a second signal ends the process as it always does. */
function stopWhenTold(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      controller.abort(new Error(`told to by ${signal}`));
    });
  }
  return controller.signal;
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    tell(error.message);
    return EXIT_USAGE;
  }
  if (error instanceof ImportStoppedError) {
    const { nextLine } = error;
    tell(`${error.message}: ${String(error.cause)}`);
    tell(`Committed up to line ${nextLine - 1}. To go on: --from-line ${nextLine}`);
    return EXIT_INCOMPLETE;
  }
  tell(messageOf(error, 'Nothing was imported'));
  return exitCodeOf(error);
}

process.exitCode = await importUsers(process.argv.slice(2)).catch(explain);
