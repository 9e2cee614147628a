import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { isRunning, wasStartedWith } from './process-life.js';
import type { ServerBinaries } from './server-binaries.js';
import { SERVER_ENVIRONMENT } from './server-cluster.js';

const POLL_MS = 15;
const STOP_TIMEOUT_MS = 15_000;

/** What a server says of itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: string;
}

const pidFileIn = (data: string): string => path.join(data, 'postmaster.pid');

/** Reads `postmaster.pid`: the pid, the data directory, the start, the port, …, in the eighth line the state. */
export function readPostmaster(data: string): Postmaster | undefined {
  try {
    const lines = readFileSync(pidFileIn(data), 'utf8').split('\n');
    const pid = Number(lines[0]);
    return pid > 0 ? { pid, port: Number(lines[3] ?? 0), status: lines[7]?.trim() ?? '' } : undefined;
  } catch {
    return undefined;
  }
}

/** Finds the server that an earlier Gatehouse left running on this directory, if its pid is still that server's. */
export function findPostmaster(data: string): Postmaster | undefined {
  const postmaster = readPostmaster(data);
  return postmaster !== undefined && wasStartedWith(postmaster.pid, '-D', data) ? postmaster : undefined;
}

/**
 * Removes a `postmaster.pid` whose number another process has by now: Postgres would refuse to start on its account.
 * One whose process is gone stays, as Postgres learns from it whether children of a killed server are still at work.
 */
export function forgetReusedPid(data: string): void {
  const postmaster = readPostmaster(data);
  if (process.platform === 'win32' || postmaster === undefined) return;
  if (isRunning(postmaster.pid) && !wasStartedWith(postmaster.pid, '-D', data)) rmSync(pidFileIn(data));
}

/** Waits until `condition` holds. @returns false when it did not within `timeoutMs` */
export async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Ends a server: sessions are cut off, the data is written out. What does not end is made to, and recovers next time. */
export async function stopPostmaster(pid: number, data: string, binaries: ServerBinaries): Promise<void> {
  if (process.platform === 'win32') {
    // Windows knows no signals: pg_ctl speaks to the server through a pipe.
    const options = { env: SERVER_ENVIRONMENT, windowsHide: true };
    await promisify(execFile)(binaries.pgCtl, ['stop', '-D', data, '-m', 'fast', '-w'], options);
    return;
  }
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!isRunning(pid)) return;
    process.kill(pid, signal);
    if (await waitUntil(() => !isRunning(pid), STOP_TIMEOUT_MS)) return;
  }
  throw new EmbeddedPostgresError(`Postgres (pid ${pid}) did not stop.`);
}
