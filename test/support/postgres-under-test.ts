import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findPostmaster } from '../../src/database/embedded/postmaster.js';
import { dataDirectoryIn, findServerHome } from '../../src/database/embedded/server-home.js';
import { planEmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import type { EmbeddedPostgres, EmbeddedPostgresPlan } from '../../src/database/embedded-postgres.js';
import { scratchFolder } from './scratch.js';
import { randomSecret } from './test-app.js';

const SETTINGS = { fsync: 'off', full_page_writes: 'off' };
const silent = (): void => undefined;

/** A Postgres of the test's own, to pause, stop and start: nobody else depends on it. */
export class PostgresUnderTest {
  private constructor(
    private readonly plan: EmbeddedPostgresPlan,
    private server: EmbeddedPostgres | undefined,
  ) {}

  static async start(): Promise<PostgresUnderTest> {
    if (!existsSync('/proc/self/stat')) throw new Error('the chaos tests find the processes of Postgres in /proc');
    // Where the watchdog of the run looks for servers to end.
    const plan = await planEmbeddedPostgres(path.join(scratchFolder(), '.data', 'postgres'), randomSecret());
    return new PostgresUnderTest(plan, await startEmbeddedPostgres(plan, silent, SETTINGS));
  }

  get url(): string {
    return this.plan.url;
  }

  /** Stops every process of the server where it stands, as a machine does that hangs: connections stay, nothing answers. */
  pause(): void {
    const stopped = new Set<number>();
    // Backends that start while this looks are found in the next round.
    for (let pids = this.processes(); pids.some((pid) => !stopped.has(pid)); pids = this.processes()) {
      for (const pid of pids) if (signal(pid, 'SIGSTOP')) stopped.add(pid);
    }
  }

  resume(): void {
    for (const pid of this.processes().reverse()) signal(pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    this.resume();
    await this.server?.stop();
    this.server = undefined;
  }

  /** Starts it again, on the same port and data. */
  async restart(): Promise<void> {
    this.server ??= await startEmbeddedPostgres(this.plan, silent, SETTINGS);
  }

  /** The postmaster first, then its children. */
  private processes(): number[] {
    const postmaster = findPostmaster(dataDirectoryIn(findServerHome(this.plan.directory)))?.pid;
    if (postmaster === undefined) return [];
    const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return [postmaster, ...all.filter((pid) => parentOf(pid) === postmaster).map(Number)];
  }
}

/** The fourth field of `stat`; the second is the name, in brackets, and may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
