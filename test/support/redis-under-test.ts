import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';

/** It has its input from the test, and ends with it. */
const LEASH =
  'redis-server --port "$0" --bind 127.0.0.1 --save "" --appendonly no "$@" & child=$!; echo $child; cat >/dev/null; kill -9 $child; wait $child';

/** A Redis of the test's own, to stop, start and let hang. It keeps nothing. */
export class RedisUnderTest {
  private constructor(
    private readonly port: number,
    private readonly options: readonly string[],
    private shell: ChildProcess,
    private pid: number,
  ) {}

  /** @param options of the program, such as `--requirepass` and a password */
  static async start(options: readonly string[] = []): Promise<RedisUnderTest> {
    if (spawnSync('redis-server', ['--version']).status !== 0) {
      throw new Error('Redis is not installed, and these tests need it: `apt-get install redis-server`.');
    }
    const port = await freePort();
    const { shell, pid } = await launch(port, options);
    return new RedisUnderTest(port, options, shell, pid);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Connections stay, nothing answers. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.shell.exitCode !== null || this.shell.signalCode !== null) return;
    const gone = once(this.shell, 'exit');
    this.shell.stdin?.end();
    await gone;
  }

  /** Starts it again, on the same port and empty. */
  async restart(options = this.options): Promise<void> {
    await this.stop();
    ({ shell: this.shell, pid: this.pid } = await launch(this.port, options));
  }
}

async function launch(port: number, options: readonly string[]): Promise<{ shell: ChildProcess; pid: number }> {
  const shell = spawn('/bin/sh', ['-c', LEASH, String(port), ...options], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const [first] = (await once(shell.stdout.setEncoding('utf8'), 'data')) as [string];
  shell.stdout.resume();
  await eventually(() => answers(port));
  return { shell, pid: Number(first.split('\n')[0]) };
}

async function answers(port: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  try {
    socket.setTimeout(1_000, () => socket.destroy(new Error('it does not answer'))).write('PING\r\n');
    await once(socket, 'data');
  } finally {
    socket.destroy();
  }
}
