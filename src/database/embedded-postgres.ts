import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import { type DirectoryLock, lockDirectory } from './embedded/directory-lock.js';
import { codeOf, EmbeddedPostgresError } from './embedded/embedded-postgres-error.js';
import { findPostmaster, readPostmaster, stopPostmaster, waitUntil } from './embedded/postmaster.js';
import { isRunning } from './embedded/process-life.js';
import { serverAccount } from './embedded/server-account.js';
import { openServerBinaries, type ServerBinaries } from './embedded/server-binaries.js';
import { createCluster } from './embedded/server-cluster.js';
import { dataDirectoryIn, findServerHome, openServerHome } from './embedded/server-home.js';
import { launchServer } from './embedded/server-launch.js';

const ADOPT_TIMEOUT_MS = 60_000;
const DYING_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** Where development's own Postgres lives and how it is reached, known before anything runs. */
export interface EmbeddedPostgresPlan {
  readonly directory: string;
  readonly port: number;
  readonly password: string;
  readonly url: string;
}

export interface EmbeddedPostgres {
  /** Ends the server after its last write, and lets another Gatehouse use the directory. */
  stop(): Promise<void>;
}

/**
 * Decides on the address of the Postgres in `folder`: that of a server which an earlier, killed Gatehouse left
 * running there and which `startEmbeddedPostgres` will take over, or else a free port of 127.0.0.1. Changes nothing.
 * @param folder where it lives
 * @param password of the user `postgres`; the one of the first start stays valid, so it is kept beside the directory
 */
export async function planEmbeddedPostgres(folder: string, password: string): Promise<EmbeddedPostgresPlan> {
  // Absolute from here on: the account that Postgres runs as looks at it from another working directory.
  const directory = path.resolve(folder);
  const running = findPostmaster(dataDirectoryIn(findServerHome(directory)));
  const port = running === undefined || running.status === 'stopping' ? await freePort() : running.port;
  const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  return { directory, port, password, url };
}

/** Tells whether the Postgres that was planned runs already: for another Gatehouse, or left behind by one that was killed. */
export function isServed({ directory, port }: EmbeddedPostgresPlan): boolean {
  const running = findPostmaster(dataDirectoryIn(findServerHome(directory)));
  return running?.status === 'ready' && running.port === port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new EmbeddedPostgresError('No port is free on 127.0.0.1.');
  return address.port;
}

/**
 * Runs the Postgres that was planned: makes its data directory the first time, takes over a server left running there,
 * starts one otherwise. Data stays between runs. Nothing stops it but `stop`: no exit hooks.
 * @param log takes what is worth telling whoever started Gatehouse
 * @param settings of Postgres, for tests: `{ fsync: 'off' }`
 * @throws EmbeddedPostgresError when another Gatehouse uses the directory or Postgres cannot run, with what to do
 */
export async function startEmbeddedPostgres(
  plan: EmbeddedPostgresPlan,
  log: (line: string) => void,
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedPostgres> {
  const account = serverAccount();
  const home = openServerHome(plan.directory, account);
  const data = dataDirectoryIn(home);
  const lock = lockDirectory(home);
  try {
    const binaries = openServerBinaries(home, account);
    const adopted = await adopt(plan, data, binaries, log);
    if (adopted !== undefined) return running(adopted, data, binaries, lock);
    const { password, port } = plan;
    const sync = settings.fsync !== 'off';
    const outcome = await createCluster({ home, account, binaries, password, sync });
    if (outcome === 'created') log(`Made a Postgres database in ${home}.`);
    const pid = await launchServer({ home, account, binaries, port, settings });
    await checkAnswers(plan, data).catch(async (error: unknown) => {
      await stopPostmaster(pid, data, binaries);
      throw error;
    });
    return running(pid, data, binaries, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

const running = (pid: number, data: string, binaries: ServerBinaries, lock: DirectoryLock): EmbeddedPostgres => ({
  stop: async () => {
    try {
      await stopPostmaster(pid, data, binaries);
    } finally {
      lock.release();
    }
  },
});

/**
 * Takes over a server that runs on the directory: it is healthy, so its sessions and caches need not be lost.
 * @returns its pid, or undefined where none runs
 */
async function adopt(
  plan: EmbeddedPostgresPlan,
  data: string,
  binaries: ServerBinaries,
  log: (line: string) => void,
): Promise<number | undefined> {
  const found = findPostmaster(data);
  if (found === undefined) return undefined;
  const { pid } = found;
  await waitUntil(() => !isRunning(pid) || readPostmaster(data)?.status === 'ready', ADOPT_TIMEOUT_MS);
  if (!isRunning(pid)) return undefined;
  if (found.port !== plan.port) {
    // Started since the plan was made: nobody uses it, as we hold the lock, and the plan's address is already given out.
    await stopPostmaster(pid, data, binaries);
    return undefined;
  }
  try {
    await checkAnswers(plan, data);
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    // It may have been dying; and on Windows the pid may be anyone's, which Postgres itself sees through.
    const gone = await waitUntil(() => !isRunning(pid), DYING_TIMEOUT_MS);
    if (gone || (process.platform === 'win32' && codeOf(error) === 'ECONNREFUSED')) return undefined;
    throw error;
  }
  log(`Took over the Postgres that an earlier Gatehouse left running (pid ${pid}).`);
  return pid;
}

/** Makes sure that what listens on the planned port is the server of this directory and opens to this password. */
async function checkAnswers(plan: EmbeddedPostgresPlan, data: string): Promise<void> {
  const client = new Client({ connectionString: plan.url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined); // A connection lost later on is told by the query that needed it.
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    if (realpathSync(rows[0]?.data_directory ?? '') === realpathSync(data)) return;
  } catch (error) {
    if (codeOf(error) !== '28P01') throw error;
    throw new EmbeddedPostgresError(
      `The database in ${plan.directory} was made with another password than the one kept beside it. ` +
        'Put that password back, or delete the folder to start afresh.',
      error,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
  throw new EmbeddedPostgresError(`Port ${plan.port} of 127.0.0.1 leads to another Postgres than the one in ${data}.`);
}
