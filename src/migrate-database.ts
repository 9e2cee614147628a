import { migrations } from '../migrations/index.js';
import type { AppConfig } from './config/app-config.js';
import { requireMigrated, runMigrations } from './database/migrate.js';
import { grantToServiceRole } from './database/service-role.js';

/**
 * Brings the database to this version or, with `MIGRATE=off`, makes sure that it is there. Where another role than the
 * service's own migrates, the service's is given its rights.
 * @throws PendingMigrationsError
 */
export async function migrateDatabase({ database }: AppConfig, log: (line: string) => void): Promise<void> {
  const [url, migrateUrl] = [database.url.reveal(), database.migrateUrl.reveal()];
  // An address of its own for migrations leads past the pooler.
  const pooler = migrateUrl === url ? database.pooler : 'session';
  if (database.migrateAtStart) {
    await runMigrations({ url: migrateUrl, pooler, migrations }, log);
    const [owner, service] = [roleOf(migrateUrl), roleOf(url)];
    if (owner !== service) await grantToServiceRole(migrateUrl, service);
  } else await requireMigrated({ url, pooler: database.pooler, migrations }, log);
}

const roleOf = (url: string): string => decodeURIComponent(new URL(url).username);
