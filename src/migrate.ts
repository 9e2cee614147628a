import { loadMigrationTargets } from './config/migration-targets.js';
import { applyMigrations } from './migrate-database.js';
import { exitCodeOf, messageOf } from './start-errors.js';

const USAGE = `Usage: node dist/src/migrate.js

Brings the database to this version and ends. It reads DATABASE_URL, MIGRATE_DATABASE_URL and DATABASE_POOLER, no other
variable. See docs/operations.md.`;
const EXIT_USAGE = 2;

const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns the exit code */
async function migrate(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    process.stderr.write(`${USAGE}\n`);
    return EXIT_USAGE;
  }
  await applyMigrations(loadMigrationTargets(), tell);
  tell('The database is of this version.');
  return 0;
}

function explain(error: unknown): number {
  process.stderr.write(`${messageOf(error, 'Not migrated')}\n`);
  return exitCodeOf(error);
}

process.exitCode = await migrate(process.argv.slice(2)).catch(explain);
