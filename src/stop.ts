import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { stackOf } from './shared/stack-of.js';
import { within } from './shared/within.js';

/** For all of a stop: requests under way have 10 s of it, background work and the pool the rest. */
const STOP_MS = 15_000;
/** After an error that nobody caught, nothing is worth a long wait. */
const CRASH_MS = 5_000;
/** What one step may take of that: the steps behind it are to have their turn. */
const LONGEST_SHARE = 0.85;
/** Ctrl-C reaches the process from the terminal, and a second time from npm. */
const ECHO_MS = 500;
const PARENT_CHECK_MS = 500;

type Step = () => Promise<unknown>;

/** Ends the process: at a signal with 0, after an error that nobody caught with 1, and always in bounded time. */
export class Stop {
  private readonly logger = new Logger('Gatehouse');
  private readonly steps: Step[] = [];
  private readonly told = new AbortController();
  private toldAtMs = 0;
  private exitCode = 0;
  private hasCrashed = false;

  /** @param flush the last that is done */
  constructor(private readonly flush: () => Promise<void>) {}

  /** Aborted as soon as the process is to end. */
  get signal(): AbortSignal {
    return this.told.signal;
  }

  /** Adds what has to be ended; what was added last ends first. */
  add(step: Step): void {
    this.steps.push(step);
  }

  /** npm hands a signal to its shell, and the shell to nobody: in development the end of the parent is one too. */
  listen(when: 'by signals' | 'by signals or with the parent'): void {
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(name, () => {
        this.tell();
      });
    }
    process.on('uncaughtException', (error) => {
      this.crash('An error that nobody caught ends the process', error);
    });
    // Node's own way would put the reason into a message, whatever it is.
    process.on('unhandledRejection', (reason) => {
      this.crash('A promise that nobody waited for failed, which ends the process', reason);
    });
    if (when === 'by signals') return;
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent && !this.signal.aborted) this.tell();
    }, PARENT_CHECK_MS).unref();
  }

  /** Ends what was added, and leaves the process running: for a start that failed. Never fails. */
  async unwind(limitMs = CRASH_MS): Promise<void> {
    this.told.abort();
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await within(limitMs * LONGEST_SHARE, step());
      } catch (error) {
        this.exitCode = 1;
        this.logger.error('Gatehouse did not stop cleanly', stackOf(error));
      }
    }
  }

  private tell(): void {
    if (!this.signal.aborted) {
      this.toldAtMs = performance.now();
      this.logger.log('Told to stop.');
      void this.end(STOP_MS);
    } else if (performance.now() - this.toldAtMs > ECHO_MS) {
      process.stderr.write('Gatehouse was told twice to stop, and ends at once.\n');
      process.exit(1);
    }
  }

  /** Told once: what comes next may be the same again, a thousand times. */
  private crash(what: string, error: unknown): void {
    this.exitCode = 1;
    if (this.hasCrashed) return;
    this.hasCrashed = true;
    this.logger.fatal(what, stackOf(error));
    if (!this.signal.aborted) void this.end(CRASH_MS);
  }

  private async end(limitMs: number): Promise<void> {
    this.told.abort();
    const outcome = await Promise.race([this.unwind(limitMs), delay(limitMs, 'too late' as const)]);
    if (outcome === 'too late') {
      this.exitCode = 1;
      this.logger.error(`Gatehouse did not stop within ${limitMs} ms, and ends as it is`);
    }
    await this.flush();
    process.exit(this.exitCode);
  }
}
