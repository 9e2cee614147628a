import { DataSource } from 'typeorm';
import { migrations } from '../../migrations/index.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import type { Tokens } from '../support/api.js';
import { buildServer } from '../support/built-server.js';
import { startCommand } from '../support/built-command.js';
import { createTestDatabase, onServer } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { scratchFolder } from '../support/scratch.js';
import { ServerProcess } from '../support/server-process.js';
import { ADMIN, randomSecret, testEnvironment } from '../support/test-app.js';

jest.setTimeout(120_000);

/** What a release before this one has not is stood for by the newest migration, taken back. */
describe('an upgrade while the service runs', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  let running: ServerProcess;

  beforeAll(async () => {
    buildServer();
    database = await createTestDatabase();
    const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
    env = testEnvironment(database.url, { ...secrets, MIGRATE: 'off' });
    running = await ServerProcess.start(env);
  });
  afterAll(async () => {
    await running.stop();
    await database.drop();
  });

  it('migrates under traffic, and instances of before and after serve the same sessions', async () => {
    let tokens: Tokens = await running.api.signIn(ADMIN);
    const source = new DataSource({ ...dataSourceOptions({ url: database.url, purpose: 'migrations' }), migrations });
    await source.initialize();
    await source.undoLastMigration({ transaction: 'each' });
    await source.destroy();
    await expect(ServerProcess.start(env)).rejects.toThrow('lacks 1 migration(s) of this version');

    const migration = { done: false };
    const refresh = async (server: ServerProcess): Promise<void> => {
      const answer = await server.api.refresh(tokens.refreshToken);
      expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
      tokens = answer.body;
    };
    const traffic = (async () => {
      for (let left = 3; left > 0; left -= migration.done ? 1 : 0) await refresh(running);
    })();
    const migrated = await startCommand('migrate.js', [], {
      cwd: scratchFolder(),
      env: { DATABASE_URL: database.url },
    }).ends();
    migration.done = true;
    await traffic;
    const name = migrations.at(-1)?.name ?? '';
    expect([migrated.code, migrated.output]).toEqual([0, expect.stringContaining(`Applied migration ${name}.`)]);

    const next = await ServerProcess.start(env);
    for (const server of [next, running, next]) {
      await refresh(server);
      expect((await server.api.get('/api/protected', tokens.accessToken)).status).toBe(200);
    }
    await next.stop();
  });

  it('may be rolled back: this version serves on a database that a newer one has migrated', async () => {
    await onServer(
      (query) =>
        query(`INSERT INTO schema_migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture9999999999999')`),
      database.url,
    );
    const older = await ServerProcess.start({ ...env, LOG_LEVEL: 'info' });
    await older.api.signIn(ADMIN);
    expect(older.output).toContain('newer version');
    await older.stop();
    const migrated = await startCommand('migrate.js', [], {
      cwd: scratchFolder(),
      env: { DATABASE_URL: database.url },
    }).ends();
    expect([migrated.code, migrated.output]).toEqual([0, expect.stringContaining('FromTheFuture9999999999999')]);
  });
});
