import { readFileSync, readdirSync } from 'node:fs';
import type { Client } from 'pg';

/** Given at the start, since they cannot change later. */
export const FIXED_SETTINGS = { shared_buffers: '1GB', max_wal_size: '4GB', max_connections: '100' };
/** For filling, and for what is measured then: as Postgres comes, for whoever keeps acknowledged changes. */
const FILLING = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', autovacuum: 'off' };
const WORKING = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on', autovacuum: 'on' };

const TICKS_A_SECOND = 100;

async function applySettings(client: Client, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) await client.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  await client.query('SELECT pg_reload_conf()');
}

export const setToFilling = (client: Client): Promise<void> => applySettings(client, FILLING);
export async function setToWorking(client: Client): Promise<void> {
  await applySettings(client, WORKING);
  await client.query('CHECKPOINT');
}

/** What Postgres has done so far. */
export interface Work {
  /** Of all of its processes; NaN where the system does not say. */
  readonly cpuMs: number;
  readonly walBytes: number;
  readonly updates: number;
  /** Of these, those that wrote no index. */
  readonly hotUpdates: number;
  readonly autovacuums: number;
}

export async function workSoFar(client: Client): Promise<Work> {
  const found = await client.query<{ pid: number; wal: string; updates: string; hot: string; autovacuums: string }>(`
    SELECT pg_backend_pid() AS pid, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS wal,
           coalesce(sum(n_tup_upd), 0) AS updates, coalesce(sum(n_tup_hot_upd), 0) AS hot,
           coalesce(sum(autovacuum_count), 0) AS autovacuums
    FROM pg_stat_user_tables WHERE relname LIKE 'sessions%'`);
  const [row] = found.rows;
  if (!row) throw new Error('no statistics');
  return {
    cpuMs: cpuMsBeside(row.pid),
    walBytes: Number(row.wal),
    updates: Number(row.updates),
    hotUpdates: Number(row.hot),
    autovacuums: Number(row.autovacuums),
  };
}

export const workSince = (before: Work, after: Work): Work => ({
  cpuMs: after.cpuMs - before.cpuMs,
  walBytes: after.walBytes - before.walBytes,
  updates: after.updates - before.updates,
  hotUpdates: after.hotUpdates - before.hotUpdates,
  autovacuums: after.autovacuums - before.autovacuums,
});

interface ProcessTimes {
  readonly parent: number;
  readonly cpuMs: number;
  /** Of its children that have ended. */
  readonly endedMs: number;
}

/** @returns undefined where there is no such process, or no `/proc` */
export function processTimes(pid: number | string): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the command, in brackets, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const msOf = (at: number): number => ((Number(fields[at]) + Number(fields[at + 1])) * 1000) / TICKS_A_SECOND;
    return { parent: Number(fields[1]), cpuMs: msOf(11), endedMs: msOf(13) };
  } catch {
    return undefined;
  }
}

/** Of all processes that have, or had, the same parent as this one: a backend, and so all of the server's. */
function cpuMsBeside(pid: number): number {
  const server = processTimes(pid)?.parent;
  if (server === undefined) return NaN;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processTimes(name))
    .filter((times) => times?.parent === server);
  return children.reduce((sum, times) => sum + (times?.cpuMs ?? 0), processTimes(server)?.endedMs ?? 0);
}
