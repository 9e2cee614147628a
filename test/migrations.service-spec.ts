import { readdirSync } from 'node:fs';
import { DataSource, type QueryRunner } from 'typeorm';
import { migrations } from '../migrations/index.js';
import { entities } from '../ormconfig.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { PendingMigrationsError, requireMigrated, runMigrations } from '../src/database/migrate.js';
import { createTestDatabase, onServer, type TestDatabase } from './support/database.js';
import { schemaOf } from './support/schema.js';

describe('migrations', () => {
  let database: TestDatabase;
  let lines: string[];
  const log = (line: string): void => void lines.push(line);

  beforeEach(async () => {
    database = await createTestDatabase('empty');
    lines = [];
  });
  afterEach(() => database.drop());

  const withRunner = async (use: (runner: QueryRunner) => Promise<void>): Promise<void> => {
    const source = new DataSource({ ...dataSourceOptions({ url: database.url, purpose: 'migrations' }), entities });
    await source.initialize();
    const runner = source.createQueryRunner();
    try {
      await use(runner);
    } finally {
      await runner.release();
      await source.destroy();
    }
  };

  it('lists every file of the folder, oldest first', () => {
    const files = readdirSync('migrations').filter((file) => /^\d/.test(file));
    const timestampsOfFiles = files.map((file) => file.slice(0, 13)).sort();
    expect(migrations.map(({ name }) => name.slice(-13))).toEqual(timestampsOfFiles);
  });

  it('goes up, back down to the very same schema, and up again, each one', async () => {
    await withRunner(async (runner) => {
      for (const Migration of migrations) {
        const before = await schemaOf(runner);
        await new Migration().up(runner);
        const after = await schemaOf(runner);
        await new Migration().down(runner);
        expect({ migration: Migration.name, schema: await schemaOf(runner) }).toEqual({
          migration: Migration.name,
          schema: before,
        });
        await new Migration().up(runner);
        expect({ migration: Migration.name, schema: await schemaOf(runner) }).toEqual({
          migration: Migration.name,
          schema: after,
        });
      }
    });
  });

  it('runs each migration once where instances start at the same time', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => runMigrations({ url: database.url, migrations }, log)));
    expect(outcomes.flat().sort()).toEqual(migrations.map(({ name }) => name).sort());
    expect(lines).toHaveLength(migrations.length);
  });

  it('keeps the migrations before one that fails, undoes that one, and goes on from there', async () => {
    class Fails1999999999999 {
      name = 'Fails1999999999999';
      async up(runner: QueryRunner): Promise<void> {
        await runner.query('CREATE TABLE half_done (id integer)');
        await runner.query('SELECT 1 / 0');
      }
      async down(): Promise<void> {
        /* never applied */
      }
    }
    const attempt = runMigrations({ url: database.url, migrations: [...migrations, Fails1999999999999] }, log);
    await expect(attempt).rejects.toThrow('division by zero');
    expect(lines).toEqual([expect.stringContaining('Fails1999999999999')]);
    const tables = await onServer(
      (query) => query(`SELECT to_regclass('half_done') AS half, to_regclass('users') AS whole`),
      database.url,
    );
    expect(tables).toEqual([{ half: null, whole: 'users' }]);
    await expect(runMigrations({ url: database.url, migrations }, log)).resolves.toEqual([]);
  });

  it('starts on a database of a newer version, with a warning', async () => {
    await runMigrations({ url: database.url, migrations }, log);
    lines = [];
    const older = migrations.slice(0, -1);
    await expect(runMigrations({ url: database.url, migrations: older }, log)).resolves.toEqual([]);
    expect(lines).toEqual([expect.stringContaining(migrations.at(-1)?.name ?? '')]);
  });

  it('refuses a database that lacks migrations where MIGRATE is off', async () => {
    await expect(requireMigrated({ url: database.url, migrations }, log)).rejects.toThrow(PendingMigrationsError);
    await runMigrations({ url: database.url, migrations: migrations.slice(0, 2) }, log);
    const pending = requireMigrated({ url: database.url, migrations }, log);
    await expect(pending).rejects.toMatchObject({ names: migrations.slice(2).map(({ name }) => name) });
    await runMigrations({ url: database.url, migrations }, log);
    await expect(requireMigrated({ url: database.url, migrations }, log)).resolves.toBeUndefined();
  });

  it('makes what the entities describe', async () => {
    await runMigrations({ url: database.url, migrations }, log);
    await withRunner(async (runner) => {
      const { upQueries } = await runner.dataSource.driver.createSchemaBuilder().log();
      // Defaults, checks and foreign keys are the database's own: entities do not repeat them.
      const onlyInSql = /ALTER COLUMN "\w+" DROP DEFAULT$|DROP CONSTRAINT "\w+_(check|fkey)"$/;
      expect(upQueries.map(({ query }) => query).filter((query) => !onlyInSql.test(query))).toEqual([]);
    });
  });
});
