import { readFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../test/support/free-port.js';
import type { BenchDatabase } from '../bench-database.js';
import { connected, startBenchDatabase } from '../bench-database.js';
import { MeasuredProcess } from '../measured-process.js';
import { FIXED_SETTINGS, setToWorking } from '../scaling/postgres-at-work.js';
import { productionEnvironment, START, startService } from '../soak/soaked-service.js';
import type { SoakedService } from '../soak/soaked-service.js';

export type Environment = Readonly<Record<string, string>>;

/** A database of its own and whatever runs on it, stopped together. */
export class Deployment {
  private readonly running: MeasuredProcess[] = [];

  private constructor(
    private readonly database: BenchDatabase,
    readonly environment: Environment,
  ) {}

  /** On a Postgres as it comes, for whoever keeps acknowledged changes: with fsync. */
  static async open(settings: Environment): Promise<Deployment> {
    const database = await startBenchDatabase(FIXED_SETTINGS);
    await connected(database.url, setToWorking);
    return new Deployment(database, { ...productionEnvironment(database.url), ...settings });
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  /** Starts an instance of the built service, as in production. */
  async instance(nodeOptions = ''): Promise<SoakedService> {
    const service = await startService(this.environment, nodeOptions);
    this.running.push(service.process);
    return service;
  }

  /** Starts a server that Gatehouse is held against, with the same flags, memory allocator and NODE_ENV. */
  async contestant(script: string): Promise<SoakedService> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const args = [path.resolve('bench/performance/contestants', script)];
    const env = { NODE_ENV: 'production', PORT: String(port), ...allocatorSettings() };
    const program = { command: 'node', args, env };
    const process = await MeasuredProcess.serving(program, url, { anyAnswer: true });
    this.running.push(process);
    return { url, process };
  }

  /** Starts a loop that Gatehouse is held against: it runs when it is asked, with as many threads. */
  loop(args: readonly string[]): MeasuredProcess {
    const { UV_THREADPOOL_SIZE } = this.environment;
    const threads = UV_THREADPOOL_SIZE === undefined ? {} : { UV_THREADPOOL_SIZE };
    const process = MeasuredProcess.started({ command: 'node', args, env: { ...allocatorSettings(), ...threads } });
    this.running.push(process);
    return process;
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map((process) => process.stop()));
    await this.database.stop();
  }
}

/** Those of `bin/gatehouse`: argon2 is not as fast without. */
function allocatorSettings(): Environment {
  const found = /GLIBC_TUNABLES-([^}]+)\}/.exec(readFileSync(START, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${START} sets no GLIBC_TUNABLES any more.`);
  return { GLIBC_TUNABLES: found };
}

/** Opens a deployment for as long as it is used. @param settings over the configuration */
export async function withDeployment<Result>(
  settings: Environment,
  use: (deployment: Deployment) => Promise<Result>,
): Promise<Result> {
  const deployment = await Deployment.open(settings);
  try {
    return await use(deployment);
  } finally {
    await deployment.close();
  }
}
