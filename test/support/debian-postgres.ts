import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from '../../src/database/embedded/server-account.js';
import { onServer } from './database.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { scratchFolder } from './scratch.js';

const VERSIONS = '/usr/lib/postgresql';
const READY_MS = 60_000;
/** Nothing of the machine's own Postgres: PG… variables would be obeyed. */
const ENVIRONMENT = { LC_ALL: 'C.UTF-8', TZ: 'UTC', PATH: '/usr/bin:/bin' };

/** Where Debian has the programs of its newest Postgres; `pg_dump` must not be older than the server. */
export function debianPostgres(): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort((one, other) => Number(other) - Number(one)) : [];
  const found = versions
    .map((version) => path.join(VERSIONS, version, 'bin'))
    .find((folder) =>
      ['initdb', 'postgres', 'pg_dump', 'pg_basebackup'].every((name) => existsSync(path.join(folder, name))),
    );
  if (found === undefined) {
    throw new Error('Debian has no Postgres here, and the tests of backups need it: `apt-get install postgresql`.');
  }
  return found;
}

/** Whom the server runs as; the tests' own account unless that is root. */
const ids = (): { uid?: number; gid?: number } => {
  const account = serverAccount();
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
};

/** A Postgres of Debian's, with the programs that belong to it. */
export class DebianPostgres {
  private constructor(
    /** Its data directory. */
    readonly data: string,
    private readonly port: number,
    private readonly password: string,
    private server: ReturnType<typeof spawn> | undefined,
  ) {}

  /** @param settings lines of its configuration */
  static async start(settings: readonly string[] = []): Promise<DebianPostgres> {
    const home = DebianPostgres.home();
    const [data, file] = [path.join(home, 'data'), path.join(home, 'password')];
    const password = randomBytes(16).toString('hex');
    writeFileSync(file, password, { mode: 0o600 });
    DebianPostgres.own(file);
    const options = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${file}`, '-E', 'UTF8', '--no-sync'];
    execFileSync(path.join(debianPostgres(), 'initdb'), ['-D', data, ...options], {
      ...ids(),
      cwd: home,
      env: ENVIRONMENT,
      stdio: 'pipe',
    });
    return DebianPostgres.on(data, password, settings);
  }

  private static async on(data: string, password: string, settings: readonly string[] = []): Promise<DebianPostgres> {
    const port = await freePort();
    const own = ["listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", `port = ${port}`, 'fsync = off'];
    const file = path.join(data, 'postgresql.auto.conf');
    writeFileSync(file, `${[...own, ...settings].join('\n')}\n`);
    DebianPostgres.own(file);
    const postgres = new DebianPostgres(data, port, password, undefined);
    await postgres.launch();
    return postgres;
  }

  /** Starts a server on a copy of this one's data directory. */
  restoredFrom(copy: string, settings: readonly string[]): Promise<DebianPostgres> {
    return DebianPostgres.on(copy, this.password, settings);
  }

  /** An empty folder for a server, where the watchdog of the run finds it. */
  static home(): string {
    const scratch = scratchFolder();
    const home = path.join(scratch, '.data', 'postgres');
    mkdirSync(home, { recursive: true });
    for (const folder of [scratch, path.dirname(home)]) chmodSync(folder, 0o711);
    DebianPostgres.own(home);
    return home;
  }

  static own(file: string): void {
    const { uid, gid } = ids();
    if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
  }

  /** The address of a database, as the superuser or as a role. */
  url(database = 'postgres', role = 'postgres', password = this.password): string {
    return `postgres://${role}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Where the programs of Postgres connect, as the superuser. */
  get environment(): Record<string, string> {
    const { port, password } = this;
    return { ...ENVIRONMENT, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGPASSWORD: password };
  }

  /** Runs one of its programs and returns what it printed. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const options = { ...ids(), cwd: '/', env: this.environment, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(path.join(debianPostgres(), program), [...args], options);
    return stdout;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server?.exitCode !== null) return; // None, or ended.
    const gone = once(server, 'exit');
    server.kill('SIGINT');
    await gone;
  }

  private async launch(): Promise<void> {
    const program = path.join(debianPostgres(), 'postgres');
    const child = spawn(program, ['-D', this.data], {
      ...ids(),
      cwd: this.data,
      env: ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-5_000)));
    this.server = child;
    await eventually(async () => {
      if (child.exitCode !== null) return;
      await onServer((query) => query('SELECT 1'), this.url());
    }, READY_MS).catch((error: unknown) => {
      throw new Error(`Postgres does not answer: ${said}`, { cause: error });
    });
    if (child.exitCode !== null) throw new Error(`Postgres ended: ${said}`);
  }
}
