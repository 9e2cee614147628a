import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { migrations } from '../migrations/index.js';
import { runMigrations } from '../src/database/migrate.js';
import { planEmbeddedPostgres, startEmbeddedPostgres } from '../src/database/embedded-postgres.js';

/** What makes filling fast. Nothing here that the planner looks at: it is to decide as it does with Postgres's own defaults. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
  shared_buffers: '1GB',
  autovacuum: 'off',
};
const silent = (): void => undefined;

/** A migrated database on a Postgres of its own, which is gone with its files once this process has ended. */
export interface BenchDatabase {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param settings of Postgres; without, those that make filling fast */
export async function startBenchDatabase(settings = SETTINGS): Promise<BenchDatabase> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-'));
  chmodSync(folder, 0o711); // as root, Postgres runs under another account
  const watchdog = spawn(process.execPath, [path.resolve('test/support/watchdog.mjs'), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const plan = await planEmbeddedPostgres(path.join(folder, 'server'), randomBytes(16).toString('hex'));
  const server = await startEmbeddedPostgres(plan, silent, settings);
  await runMigrations({ url: plan.url, migrations }, silent);
  return {
    url: plan.url,
    stop: async () => {
      await server.stop();
      watchdog.stdin.end();
      await once(watchdog, 'exit');
    },
  };
}

/** One connection past the service, without its limits of time. */
export async function connected<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
