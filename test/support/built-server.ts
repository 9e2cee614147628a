import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DIST } from './built.js';
import { eventuallyFound } from './eventually.js';
import { freePort } from './free-port.js';

const PROJECT = path.join(__dirname, '..', '..');
const MAIN = path.join(DIST, 'src', 'main.js');
const SOURCES = ['src', 'migrations', 'ormconfig.ts', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'];
/** How long a start may take on a machine that does much else: it makes a database cluster the first time. */
const START_MS = 60_000;
const STOP_MS = 20_000;
/** Ends the server with the test, however that ended: by kill -9 too, its standard input is closed. */
const LEASH = `data:text/javascript,process.stdin.on('end',()=>process.exit(70)).on('error',()=>process.exit(70)).resume()`;

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A process of the built server: what `npm start` and the image run. */
export interface BuiltServer {
  readonly url: string;
  readonly pid: number;
  /** All of its standard output so far. */
  output(): string;
  /** All of its standard error so far. */
  errors(): string;
  /** Resolves when its output matches, and fails where it ends before that. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves when it listens. */
  listens(): Promise<void>;
  /** Resolves when it has ended by itself. */
  ends(): Promise<Ended>;
  stop(): Promise<Ended>;
}

const children = new Set<ChildProcess>();

/** Ends whatever a test has left running; for `afterEach` or `afterAll`. */
export async function killServers(): Promise<void> {
  await Promise.all(
    [...children].map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await gone;
      clearTimeout(timer);
    }),
  );
  children.clear();
}

const newestIn = (entry: string): number => {
  const stat = statSync(entry);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const names = readdirSync(entry).filter((name) => !name.endsWith('.spec.ts'));
  return Math.max(0, ...names.map((name) => newestIn(path.join(entry, name))));
};

/** Builds what the sources say, unless `dist` says so already or another build is named. */
export function buildServer(): void {
  if (process.env.GATEHOUSE_DIST !== undefined) return;
  const newest = Math.max(...SOURCES.map((name) => newestIn(path.join(PROJECT, name))));
  if (existsSync(MAIN) && statSync(MAIN).mtimeMs > newest) return;
  execFileSync(process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build'], { cwd: PROJECT, stdio: 'pipe' });
}

/**
 * Starts the built server on a free port.
 * @param env all of its environment but what finds Node: nothing of the tests' own reaches it
 */
export async function startServer(cwd: string, env: Readonly<Record<string, string>> = {}): Promise<BuiltServer> {
  const port = env.PORT ?? String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', LEASH, MAIN], {
    cwd,
    env: { PATH, PORT: port, METRICS_PORT: String(await freePort()), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.add(child);
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const closed = once(child, 'close');
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ends = async (): Promise<Ended> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
    await closed;
    clearTimeout(timer);
    return { code: child.exitCode, output, errors };
  };
  const probe = async <T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> => {
    const found = await eventuallyFound(
      what,
      async () => (await ask()) ?? (hasEnded() ? 'ended' : undefined),
      START_MS,
    );
    if (found === 'ended') throw new Error(`it ended before ${what}:\n${output}${errors}`);
    return found;
  };
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    errors: () => errors,
    says: (pattern) => probe(`its output matched ${String(pattern)}`, () => pattern.exec(output) ?? undefined),
    listens: async () => {
      await probe('it listened', async () => {
        const answer = await fetch(`${url}/health/live`).catch(() => undefined);
        await answer?.text();
        return answer?.ok ? true : undefined;
      });
    },
    ends,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await closed;
      clearTimeout(timer);
      return { code: child.exitCode, output, errors };
    },
  };
}
