import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { forgetReusedPid, readPostmaster, waitUntil } from './postmaster.js';
import type { ServerAccount } from './server-account.js';
import type { ServerBinaries } from './server-binaries.js';
import { cannotRun, SERVER_ENVIRONMENT } from './server-cluster.js';
import { dataDirectoryIn } from './server-home.js';

/** Recovery after a crash replays at most what was written since the last checkpoint. */
const READY_TIMEOUT_MS = 60_000;
const RETRY_MS = 250;
const RETRIES = 40;
const PORT_RETRIES = 8;

export interface LaunchOptions {
  readonly home: string;
  readonly account: ServerAccount | undefined;
  readonly binaries: ServerBinaries;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The log is for what keeps the server from running; what a statement did wrong is told to who sent it, so that
  // neither values nor volume gather here.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

const logIn = (home: string): string => path.join(home, 'server.log');

const argumentsFor = ({ home, port, settings }: LaunchOptions): string[] => [
  ...['-D', dataDirectoryIn(home), '-p', String(port)],
  ...Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
];

/**
 * Starts Postgres and waits until it takes connections. It runs in a session of its own, so that Ctrl-C reaches
 * Gatehouse alone and Gatehouse stops it last; it writes to a file, so that it outlives a killed Gatehouse.
 * @returns its pid
 * @throws EmbeddedPostgresError with what Postgres said
 */
export async function launchServer(options: LaunchOptions): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    forgetReusedPid(dataDirectoryIn(options.home));
    const outcome = await launchOnce(options);
    if (typeof outcome === 'number') return outcome;
    const portTaken = /Address already in use|could not create any TCP\/IP sockets/.test(outcome.log);
    // Killed together with Gatehouse, a server's children need a moment to notice.
    const passing = portTaken || /lock file "postmaster\.pid"|shared memory block/.test(outcome.log);
    if (!passing || attempt >= (portTaken ? PORT_RETRIES : RETRIES)) throw failure(options, outcome.log, portTaken);
    await delay(RETRY_MS);
  }
}

const failure = ({ home, port }: LaunchOptions, log: string, portTaken: boolean): EmbeddedPostgresError =>
  new EmbeddedPostgresError(
    portTaken
      ? `Another program took port ${port} of 127.0.0.1 before Postgres could. Start Gatehouse again.`
      : `Postgres did not start (its log is ${logIn(home)}): ${log || 'it was not ready in time'}`,
  );

async function launchOnce(options: LaunchOptions): Promise<number | { readonly log: string }> {
  const { account, binaries, home } = options;
  const data = dataDirectoryIn(home);
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  const log = openSync(logIn(home), 'w', 0o600);
  const child = spawn(binaries.postgres, argumentsFor(options), {
    ...ids,
    cwd: home,
    env: SERVER_ENVIRONMENT,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', log],
  });
  closeSync(log);
  let failed: Error | undefined;
  child.once('error', (error) => (failed = error));
  child.unref();
  const hasEnded = (): boolean => failed !== undefined || child.exitCode !== null || child.signalCode !== null;
  const isReady = (): boolean => {
    const postmaster = readPostmaster(data);
    return postmaster?.pid === child.pid && postmaster?.status === 'ready';
  };
  await waitUntil(() => hasEnded() || isReady(), READY_TIMEOUT_MS);
  if (failed !== undefined) throw cannotRun('postgres', failed);
  if (child.pid !== undefined && !hasEnded() && isReady()) return child.pid;
  child.kill('SIGQUIT');
  return { log: readFileSync(logIn(home), 'utf8').trim().slice(-2000) };
}
