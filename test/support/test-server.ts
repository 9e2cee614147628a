import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { migrations } from '../../migrations/index.js';
import { planEmbeddedPostgres, startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { runMigrations } from '../../src/database/migrate.js';
import { databaseUrl, onServer, templateName } from './database.js';
import { openScratch } from './scratch.js';

/** Nothing outlives the run, so nothing waits for the disk; commits are as visible and as ordered as ever. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '200' };
const silent = (): void => undefined;

let stop: (() => Promise<void>) | undefined;

/**
 * Starts the Postgres of this run, or takes the one of TEST_DATABASE_URL (whose user may create databases), and migrates
 * the template there that `createTestDatabase` copies. Workers find both by the environment, which they inherit.
 */
export async function startTestServer(): Promise<void> {
  if (stop !== undefined) return;
  // Runs that share a server keep apart by their prefix.
  process.env.GATEHOUSE_TEST_PREFIX = `gatehouse_test_${randomBytes(6).toString('hex')}`;
  const given = process.env.TEST_DATABASE_URL;
  const folder = openScratch();
  const watchdog = watch(folder);
  const stopServer = given === undefined ? await startEmbedded(path.join(folder, 'server')) : useServer(given);
  stop = async () => {
    await stopServer();
    watchdog.ref();
    watchdog.stdin?.end();
    await once(watchdog, 'exit');
  };
  await onServer((query) => query(`CREATE DATABASE ${templateName()}`));
  await runMigrations({ url: databaseUrl(templateName()), migrations }, silent);
}

export async function stopTestServer(): Promise<void> {
  await stop?.();
  stop = undefined;
}

async function startEmbedded(directory: string): Promise<() => Promise<void>> {
  const plan = await planEmbeddedPostgres(directory, randomBytes(16).toString('hex'));
  const server = await startEmbeddedPostgres(plan, silent, SETTINGS);
  process.env.GATEHOUSE_TEST_SERVER = plan.url;
  return () => server.stop();
}

const watch = (folder: string): ChildProcess => {
  const script = path.resolve('test/support/watchdog.mjs');
  // A session of its own, so that Ctrl-C does not end it along with the run.
  const child = spawn(process.execPath, [script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  return child;
};

const useServer = (url: string): (() => Promise<void>) => {
  process.env.GATEHOUSE_TEST_SERVER = url;
  return () =>
    onServer(async (query) => {
      const prefix = `${process.env.GATEHOUSE_TEST_PREFIX ?? ''}_`;
      const ours = await query('SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)', [prefix]);
      for (const { name } of ours) await query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    });
};
