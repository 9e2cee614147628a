import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ForeignApi } from './api.js';
import type { Api } from './api.js';
import { eventuallyFound } from './eventually.js';

/** Ends the child with the test, however that ended: by kill -9 too, its standard input is closed. It keeps no child alive. */
const LEASH = `data:text/javascript,process.stdin.on('end',()=>process.exit(70)).on('error',()=>process.exit(70)).resume().unref()`;
const LISTENING = /^listening on (http:\S+)$/m;
const START_MS = 30_000;

/** A program that serves HTTP, in a process of its own: it writes `listening on http://…` when it does. */
export class Program {
  private written = '';

  private constructor(
    private readonly child: ChildProcess,
    private url = '',
  ) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.written += text));
    }
  }

  /** @param env all of its environment: nothing of the test's own reaches it */
  static async start(script: string, env: Readonly<Record<string, string>>): Promise<Program> {
    const child = spawn(process.execPath, ['--import', LEASH, script], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined); // It may be gone.
    const program = new Program(child);
    const found = await eventuallyFound(
      `${script} to listen`,
      () => LISTENING.exec(program.written)?.[1] ?? (program.isRunning ? undefined : 'ended'),
      START_MS,
    );
    if (found === 'ended') throw new Error(`${script} ended instead of listening:\n${program.written}`);
    program.url = found;
    return program;
  }

  get api(): Api {
    return new ForeignApi(this.url);
  }

  /** All that it wrote. */
  get output(): string {
    return this.written;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends a signal; waits until the process is gone where the signal is one that ends it. */
  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.child, 'close');
    this.child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await gone;
  }
}
