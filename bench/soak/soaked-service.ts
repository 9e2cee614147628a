import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DIST } from '../../test/support/built.js';
import { eventually } from '../../test/support/eventually.js';
import { freePort } from '../../test/support/free-port.js';

const START = path.join(DIST, '..', 'bin', 'gatehouse');
const PROBE = pathToFileURL(path.resolve('bench/memory-probe.mjs')).href;
/** Ends the service with the benchmark, however that ended. */
const LEASH = `data:text/javascript,process.stdin.on('end',()=>process.exit(70)).on('error',()=>process.exit(70)).resume()`;
const [READY_WITHIN_MS, ANSWER_WITHIN_MS, STOP_WITHIN_MS] = [60_000, 30_000, 20_000];
const ERRORS_LIMIT = 10_000;
const random = (): string => randomBytes(32).toString('base64url');

export const ADMIN = { email: 'admin@example.com', password: random() };

/** In bytes. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** Production as it is started, with limits of requests and metrics on, behind a proxy that the benchmark plays. */
const configurationOf = (databaseUrl: string): Record<string, string> => ({
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PUBLIC_URL: 'https://auth.example.com',
  DATABASE_URL: databaseUrl,
  JWT_SECRET: random(),
  REFRESH_SECRET: random(),
  // Longer than a run: what is measured is not how often its traffic has to sign in.
  JWT_EXPIRE: '60m',
  MAIL: 'off',
  TRUST_PROXY: '127.0.0.1/32',
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  ADMIN_REQUIRE_MFA: 'off',
});

/** The built service in a process of its own, which tells how much memory it holds. */
export class SoakedService {
  private errors = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors = (this.errors + text).slice(-ERRORS_LIMIT);
    });
  }

  static async start(databaseUrl: string): Promise<SoakedService> {
    if (!existsSync(START)) throw new Error(`${START} is not there.`);
    const [port, metricsPort] = [await freePort(), await freePort()];
    const child = spawn('sh', [START], {
      env: {
        PATH: process.env.PATH,
        NODE_OPTIONS: `--import ${LEASH} --import ${PROBE}`,
        ...configurationOf(databaseUrl),
        PORT: String(port),
        METRICS_PORT: String(metricsPort),
      },
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    });
    const service = new SoakedService(child, `http://127.0.0.1:${port}`);
    const ended = once(child, 'exit').then(() => {
      service.assertRunning();
    });
    await Promise.race([eventually(() => service.assertReady(), READY_WITHIN_MS), ended]);
    ended.catch(() => undefined);
    return service;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Has it collect its garbage. @returns what is left */
  async memory(): Promise<Memory> {
    this.assertRunning();
    const answer = once(this.child, 'message', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    this.child.send('collect');
    const [memory] = (await answer) as [Memory];
    return memory;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(timer);
  }

  private async assertReady(): Promise<void> {
    this.assertRunning();
    const { status } = await fetch(`${this.url}/health/ready`);
    if (status !== 200) throw new Error(`not ready: ${status}\n${this.errors}`);
  }

  private assertRunning(): void {
    if (this.child.exitCode === null && this.child.signalCode === null) return;
    throw new Error(`the service has ended:\n${this.errors}`);
  }
}
