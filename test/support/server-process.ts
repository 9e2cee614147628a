import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Api } from './api.js';
import { DIST } from './built.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { scratchFolder } from './scratch.js';

const MAIN = path.join(DIST, 'src', 'main.js');
/** Ends the child with the test, however that ended: by kill -9 too, its standard input is closed. */
const LEASH = `data:text/javascript,process.stdin.on('end',()=>process.exit(70)).on('error',()=>process.exit(70)).resume()`;
const MOVING_CLOCK = path.join(__dirname, 'moving-clock.mjs');
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const OUTPUT_LIMIT = 20_000;

export interface ServerProcessOptions {
  /** Its wall clock can be moved: `moveClock`. */
  readonly movableClock?: boolean;
}

/** The built server in a process of its own, as it runs in production. */
export class ServerProcess {
  readonly api: Api;
  private written = '';

  private constructor(
    private readonly child: ChildProcess,
    port: number,
  ) {
    this.api = new Api(`http://127.0.0.1:${port}`);
    child.stdin?.on('error', () => undefined); // It may be gone.
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.written = (this.written + text).slice(-OUTPUT_LIMIT);
      });
    }
  }

  /**
   * Starts it and waits until it is ready.
   * @param env all of its configuration, but for HOST and PORT: nothing of the test's own environment reaches it
   */
  static async start(
    env: Readonly<Record<string, string>>,
    { movableClock = false }: ServerProcessOptions = {},
  ): Promise<ServerProcess> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: build it first, as \`npm run test:chaos\` does.`);
    const port = await freePort();
    const preloaded = ['--import', LEASH, ...(movableClock ? ['--import', MOVING_CLOCK] : [])];
    const child = spawn(process.execPath, [...preloaded, MAIN], {
      cwd: scratchFolder(),
      env: { PATH: process.env.PATH, ...env, HOST: '127.0.0.1', PORT: String(port) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child, port);
    try {
      const ended = once(child, 'exit').then(() => {
        throw new Error('the server ended instead of starting');
      });
      await Promise.race([eventually(() => server.assertReady(), READY_WITHIN_MS), ended]);
      ended.catch(() => undefined);
      return server;
    } catch (error) {
      await server.kill('SIGKILL');
      throw new Error(`the server did not get ready:\n${server.written}`, { cause: error });
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The last of what it wrote. */
  get output(): string {
    return this.written;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @param offsetMs how far its wall clock is off from now on */
  moveClock(offsetMs: number): void {
    this.child.stdin?.write(`clock ${offsetMs}\n`);
  }

  /** Takes nothing of what it writes any more, as a disk that hangs: once the pipe is full, its writes wait. */
  leaveOutput(): void {
    this.child.stdout?.pause();
  }

  takeOutput(): void {
    this.child.stdout?.resume();
  }

  /** Sends a signal; waits until the process is gone where the signal is one that ends it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await gone;
  }

  /** Ends it as an operator does; one that does not end in time is killed, and that is an error. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.kill('SIGTERM');
    clearTimeout(timer);
    if (this.child.signalCode === 'SIGKILL')
      throw new Error(`the server did not stop within ${STOP_WITHIN_MS} ms:\n${this.written}`);
  }

  private async assertReady(): Promise<void> {
    const { status } = await this.api.get('/health/ready');
    if (status !== 200) throw new Error(`not ready: ${status}\n${this.written}`);
  }
}
