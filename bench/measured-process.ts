import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { processTimes } from './scaling/postgres-at-work.js';

const PROBE = pathToFileURL(path.resolve('bench/memory-probe.mjs')).href;
/** Ends the process with the benchmark, however that ended. */
const LEASH = `data:text/javascript,process.stdin.on('end',()=>process.exit(70)).on('error',()=>process.exit(70)).resume()`;
const [READY_WITHIN_MS, ANSWER_WITHIN_MS, STOP_WITHIN_MS, BETWEEN_ASKS_MS] = [60_000, 30_000, 20_000, 5];
const ERRORS_LIMIT = 10_000;

/** In bytes. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment but what finds Node. */
  readonly env?: Readonly<Record<string, string>>;
  /** For Node, beside what every measured process gets. */
  readonly nodeOptions?: string;
}

/** A process of Node's that is measured from outside, and asked over a channel. */
export class MeasuredProcess {
  private errors = '';
  /** From its start to the first answer that it is ready. */
  readyAfterMs = NaN;
  /** Of the processor's time, until then. */
  readyCpuMs = NaN;

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-ERRORS_LIMIT);
    });
    child.stdin?.on('error', () => undefined); // It may be gone.
  }

  /** Starts a server and waits until this address answers with 200, or with anything. It can tell its memory. */
  static async serving(program: Program, readyUrl: string, { anyAnswer = false } = {}): Promise<MeasuredProcess> {
    const began = performance.now();
    const { nodeOptions = '' } = program;
    const started = MeasuredProcess.started({ ...program, nodeOptions: `--import ${PROBE} ${nodeOptions}` });
    try {
      await started.becomesReady(readyUrl, began + READY_WITHIN_MS, anyAnswer);
    } catch (error) {
      await started.stop();
      throw error;
    }
    started.readyAfterMs = performance.now() - began;
    started.readyCpuMs = started.cpuMs;
    return started;
  }

  /** Starts what answers over the channel alone. */
  static started({ command, args, env = {}, nodeOptions = '' }: Program): MeasuredProcess {
    const { PATH = '', NODE_PATH } = process.env;
    const child = spawn(command, args, {
      env: {
        PATH,
        ...(NODE_PATH === undefined ? {} : { NODE_PATH }),
        NODE_OPTIONS: `--import ${LEASH} ${nodeOptions}`,
        ...env,
      },
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    });
    return new MeasuredProcess(child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it has spent of the processor's time so far; NaN where the system does not say. */
  get cpuMs(): number {
    return processTimes(this.pid)?.cpuMs ?? NaN;
  }

  /** Has it collect its garbage. @returns what is left */
  memory(): Promise<Memory> {
    return this.ask<Memory>('collect', ANSWER_WITHIN_MS);
  }

  /** @returns what it says next, which has to be the answer */
  async ask<Answer>(question: unknown, withinMs: number): Promise<Answer> {
    this.assertRunning();
    const abort = new AbortController();
    const answer = once(this.child, 'message', {
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(withinMs)]),
    });
    const ended = once(this.child, 'exit', { signal: abort.signal }).then(() => {
      this.assertRunning();
    });
    ended.catch(() => undefined);
    this.child.send(question as object);
    try {
      const [said] = (await Promise.race([answer, ended.then(() => answer)])) as [Answer];
      return said;
    } finally {
      abort.abort();
      answer.catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = globalThis.setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(timer);
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private assertRunning(): void {
    if (this.hasEnded) throw new Error(`${this.child.spawnargs.join(' ')} has ended:\n${this.errors}`);
  }

  private async becomesReady(url: string, deadline: number, anyAnswer: boolean): Promise<void> {
    for (;;) {
      this.assertRunning();
      const answer = await fetch(url).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer && (anyAnswer || answer.status === 200)) return;
      if (performance.now() > deadline) throw new Error(`not ready: ${answer?.status ?? 'no answer'}\n${this.errors}`);
      await setTimeout(BETWEEN_ASKS_MS);
    }
  }
}
