import { DataSource, type Logger, MigrationExecutor, type MigrationInterface } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

/** The key of the lock that instances take before they change the schema: "gate" in ASCII. */
const MIGRATION_LOCK = 0x67617465;
const LOCK_WAIT = '10min';

export interface MigrateOptions {
  readonly url: string;
  /** `transaction` where the address is a pooler's, in that mode. */
  readonly pooler?: 'session' | 'transaction';
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** The database lacks migrations of this version, and `MIGRATE` says not to apply them. */
export class PendingMigrationsError extends Error {
  constructor(readonly names: readonly string[]) {
    super(
      `The database lacks ${names.length} migration(s) of this version (${names.join(', ')}) and MIGRATE is off: ` +
        'apply them first with `node dist/src/migrate.js` (or `npm run migration:run`), or set MIGRATE=on.',
    );
    this.name = 'PendingMigrationsError';
  }
}

/**
 * Applies what the database lacks, each migration in a transaction of its own. Instances that start at once take turns,
 * so that each migration runs once. A database that a newer version migrated is left as it is, with a warning.
 * @returns the names of those applied
 */
export async function runMigrations(options: MigrateOptions, log: (line: string) => void): Promise<readonly string[]> {
  return withDataSource(options, log, async (source) => {
    const applied = await inTurn(source, () => source.runMigrations());
    for (const { name } of applied) log(`Applied migration ${name}.`);
    await warnOfUnknown(source, log);
    return applied.map(({ name }) => name);
  });
}

/**
 * Makes sure that the database has every migration of this version; changes nothing and needs no right to.
 * @throws PendingMigrationsError naming those it lacks
 */
export async function requireMigrated(options: MigrateOptions, log: (line: string) => void): Promise<void> {
  await withDataSource(options, log, async (source) => {
    const pending = await new MigrationExecutor(source).getPendingMigrations();
    if (pending.length > 0) throw new PendingMigrationsError(pending.map(({ name }) => name));
    await warnOfUnknown(source, log);
  });
}

/** TypeORM prints which migration failed straight to the console unless someone takes it. */
const migrationLogger = (log: (line: string) => void): Logger => ({
  logMigration: log,
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  log: () => undefined,
});

async function withDataSource<T>(
  { url, pooler = 'session', migrations }: MigrateOptions,
  log: (line: string) => void,
  use: (source: DataSource) => Promise<T>,
): Promise<T> {
  const options = dataSourceOptions({ url, purpose: 'migrations', pooler });
  const source = new DataSource({ ...options, logger: migrationLogger(log), migrations: [...migrations] });
  await source.initialize();
  try {
    return await use(source);
  } finally {
    await source.destroy();
  }
}

/**
 * Runs `action` while no other instance does. The lock is a transaction's, held by a second connection: a session's
 * would stay with whatever server connection a pooler such as PgBouncer happened to use.
 */
async function inTurn<T>(source: DataSource, action: () => Promise<T>): Promise<T> {
  const turn = source.createQueryRunner();
  try {
    await turn.startTransaction();
    await turn.query(`SET LOCAL lock_timeout = '${LOCK_WAIT}'`);
    await turn.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const result = await action();
    await turn.commitTransaction();
    return result;
  } finally {
    // Ends the transaction where it is still open: releasing alone would return it to the pool as it is.
    if (turn.isTransactionActive) await turn.rollbackTransaction().catch(() => undefined);
    await turn.release();
  }
}

async function warnOfUnknown(source: DataSource, log: (line: string) => void): Promise<void> {
  const known = new Set(source.migrations.map((migration) => migration.name ?? migration.constructor.name));
  const executed = await new MigrationExecutor(source).getExecutedMigrations();
  const unknown = executed.map(({ name }) => name).filter((name) => !known.has(name));
  if (unknown.length > 0) log(`The database was migrated by a newer version of Gatehouse: ${unknown.join(', ')}.`);
}
