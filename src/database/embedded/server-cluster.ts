import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { codeOf, EmbeddedPostgresError, reasonOf } from './embedded-postgres-error.js';
import type { ServerAccount } from './server-account.js';
import type { ServerBinaries } from './server-binaries.js';
import { dataDirectoryIn } from './server-home.js';

/** Nothing of our environment, which holds secrets, and whose PG… variables would be obeyed. */
export const SERVER_ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC' };

const INITDB_TIMEOUT_MS = 120_000;

/** A program that cannot be started at all was built for another system: musl instead of glibc, as on Alpine. */
export const cannotRun = (program: string, error: unknown): EmbeddedPostgresError =>
  new EmbeddedPostgresError(
    `The Postgres that comes with Gatehouse does not run on this system (${program}: ${reasonOf(error)}). ` +
      'Set DATABASE_URL to a Postgres of yours.',
    error,
  );

export interface ClusterOptions {
  readonly home: string;
  readonly account: ServerAccount | undefined;
  readonly binaries: ServerBinaries;
  readonly password: string;
  readonly sync: boolean;
}

/** Makes the data directory unless it exists; all of it or nothing, whenever this process is killed. */
export async function createCluster(options: ClusterOptions): Promise<'created' | 'kept'> {
  const { home, account } = options;
  const data = dataDirectoryIn(home);
  if (existsSync(data)) {
    chmodSync(data, 0o700); // Postgres refuses a directory that a stray `chmod -R` opened to others.
    return 'kept';
  }
  sweepUnfinished(home);
  // A name of its own: the initdb of a Gatehouse that was just killed may still be writing to another.
  const unfinished = mkdtempSync(path.join(home, UNFINISHED));
  const cluster = path.join(unfinished, 'data');
  const passwordFile = path.join(unfinished, 'password');
  mkdirSync(cluster, { mode: 0o700 });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (account !== undefined) {
    for (const owned of [unfinished, cluster, passwordFile]) chownSync(owned, account.uid, account.gid);
  }
  try {
    await runInitdb(options, cluster, passwordFile);
    renameSync(cluster, data);
  } finally {
    sweepUnfinished(home);
  }
  return 'created';
}

const UNFINISHED = 'unfinished-';

function sweepUnfinished(home: string): void {
  for (const name of readdirSync(home)) {
    if (!name.startsWith(UNFINISHED)) continue;
    try {
      rmSync(path.join(home, name), { recursive: true, force: true });
    } catch {
      // Still being written to; the next start tries again.
    }
  }
}

async function runInitdb(options: ClusterOptions, directory: string, passwordFile: string): Promise<void> {
  const { account, binaries, home, sync } = options;
  const args = [
    ...['-D', directory, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'],
    // The same order and case rules on every system.
    ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    ...(sync ? [] : ['--no-sync']),
  ];
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  const process = { ...ids, cwd: home, env: SERVER_ENVIRONMENT, timeout: INITDB_TIMEOUT_MS, windowsHide: true };
  try {
    await promisify(execFile)(binaries.initdb, args, process);
  } catch (error) {
    if (codeOf(error) !== undefined) throw cannotRun('initdb', error);
    throw new EmbeddedPostgresError(
      `Postgres could not make a database in ${home}: ${reasonOf(error)} (Set DATABASE_URL to use a Postgres of yours.)`,
      error,
    );
  }
}
