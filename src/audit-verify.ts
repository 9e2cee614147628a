import 'reflect-metadata';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ChainVerification } from './audit/seals/chain-verification.js';
import { checkpointsIn } from './audit/seals/checkpoint.js';
import type { Checkpoint } from './audit/seals/checkpoint.js';
import { Checkpoints } from './audit/seals/checkpoints.js';
import { timeOfEvent } from './audit/seals/event-piece.js';
import { readUnsealed } from './audit/seals/seal-rows.js';
import type { Broken } from './audit/seals/verification.js';
import { DataKeys } from './crypto/data-keys.js';
import { SystemClock } from './shared/clock.js';
import { exitCodeOf, messageOf } from './start-errors.js';
import { withConnection } from './with-database.js';

const USAGE = `Usage: npm run audit:verify -- [--checkpoints FILE]

Checks the whole event log. FILE is log output of the service, or - for the standard input: every checkpoint in it is looked
for in the chain, so that a tail which was cut off since shows. See docs/event-log.md.`;
const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;

class UsageError extends Error {}

const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns the exit code */
async function verifyLog(args: readonly string[]): Promise<number> {
  const file = readArguments(args);
  return withConnection(tell, async (dataSource, config) => {
    const clock = new SystemClock();
    const keys = new DataKeys(dataSource, clock, config);
    const verification = new ChainVerification(dataSource, keys);
    const key = await keys.existing('events');
    const known =
      file === undefined ? { read: 0, lost: [], foreign: 0 } : await compare(linesOf(file), key, verification);
    const { events, firstBroken } = await verification.verify();
    const checkpoint = await new Checkpoints(dataSource, keys, clock).take();
    print(firstBroken ? describe(firstBroken) : `intact: ${events} events, ${checkpoint.seals} seals`);
    const [oldest] = await readUnsealed(dataSource, 1);
    if (oldest !== undefined) print(`events wait for their seal since ${timeOfEvent(oldest).toISOString()}`);
    if (file !== undefined) print(`${known.read} checkpoints read, ${known.lost.length} of them not in the chain`);
    for (const { seals, at } of known.lost) print(`not in the chain: seal ${seals}, which was there at ${at}`);
    if (known.foreign > 0) print(`${known.foreign} checkpoints are not of this deployment, or were changed`);
    print(`Checkpoint ${JSON.stringify(checkpoint)}`);
    return firstBroken || known.lost.length + known.foreign > 0 ? EXIT_BROKEN : 0;
  });
}

interface Compared {
  read: number;
  readonly lost: Checkpoint[];
  foreign: number;
}

async function compare(lines: AsyncIterable<string>, key: Buffer, verification: ChainVerification): Promise<Compared> {
  const compared: Compared = { read: 0, lost: [], foreign: 0 };
  for await (const line of lines) {
    for (const checkpoint of checkpointsIn(line, key)) {
      if (checkpoint === 'foreign') compared.foreign += 1;
      else {
        compared.read += 1;
        if (!(await verification.holds(checkpoint))) compared.lost.push(checkpoint);
      }
    }
  }
  return compared;
}

function readArguments(args: readonly string[]): string | undefined {
  try {
    const { values } = parseArgs({ args: [...args], options: { checkpoints: { type: 'string' } } });
    return values.checkpoints;
  } catch {
    throw new UsageError(USAGE);
  }
}

const linesOf = (file: string): AsyncIterable<string> =>
  createInterface({ input: file === '-' ? process.stdin : createReadStream(file), crlfDelay: Infinity });

function describe({ problem, seal, eventId }: Broken): string {
  const where = [eventId === null ? [] : [`event ${eventId}`], seal === null ? [] : [`seal ${seal}`]].flat();
  return `broken: ${problem.replaceAll('_', ' ')}: ${where.join(', ')}`;
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    tell(error.message);
    return EXIT_USAGE;
  }
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR')) {
    tell('The file of checkpoints cannot be read.');
    return EXIT_USAGE;
  }
  tell(messageOf(error, 'Nothing was verified'));
  return exitCodeOf(error);
}

process.exitCode = await verifyLog(process.argv.slice(2)).catch(explain);
