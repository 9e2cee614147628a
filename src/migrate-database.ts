import { migrations } from '../migrations/index.js';
import type { AppConfig } from './config/app-config.js';
import type { MigrationTargets } from './config/migration-targets.js';
import { requireMigrated, runMigrations } from './database/migrate.js';
import { grantToServiceRole } from './database/service-role.js';

/**
 * Brings the database to this version or, with `MIGRATE=off`, makes sure that it is there.
 * @throws PendingMigrationsError
 */
export async function migrateDatabase({ database }: AppConfig, log: (line: string) => void): Promise<void> {
  if (database.migrateAtStart) await applyMigrations(database, log);
  else await requireMigrated({ url: database.url.reveal(), pooler: database.pooler, migrations }, log);
}

/** Applies what the database lacks. Where another role than the service's own migrates, the service's is given its rights. */
export async function applyMigrations(targets: MigrationTargets, log: (line: string) => void): Promise<void> {
  const [url, migrateUrl] = [targets.url.reveal(), targets.migrateUrl.reveal()];
  // An address of its own for migrations leads past the pooler.
  const pooler = migrateUrl === url ? targets.pooler : 'session';
  await runMigrations({ url: migrateUrl, pooler, migrations }, log);
  const [owner, service] = [roleOf(migrateUrl), roleOf(url)];
  if (owner !== service) await grantToServiceRole(migrateUrl, service);
}

const roleOf = (url: string): string => decodeURIComponent(new URL(url).username);
