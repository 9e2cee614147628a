import { ConfigError } from './config-error.js';
import { loadEnvironment } from './environment.js';
import { postgresUrl } from './parsers/connection-url.js';

/**
 * Where the TypeORM CLI connects: MIGRATE_DATABASE_URL, else DATABASE_URL. It needs no more of the configuration than that.
 * @throws ConfigError where neither is there, or the one in use is faulty
 */
export function migrationDatabaseUrl(env?: NodeJS.ProcessEnv, directory?: string): string {
  const { values, faults } = loadEnvironment(env, directory);
  const unread = faults.filter(({ variable }) => variable === '.env' || variable.includes('DATABASE_URL'));
  if (unread.length > 0) {
    throw new ConfigError(unread);
  }
  const variable = values.MIGRATE_DATABASE_URL === undefined ? 'DATABASE_URL' : 'MIGRATE_DATABASE_URL';
  const text = values[variable];
  if (text === undefined) {
    const message =
      'is required, or MIGRATE_DATABASE_URL (the embedded database is migrated by the service as it starts)';
    throw new ConfigError([{ variable, message }]);
  }
  const parsed = postgresUrl(text);
  if (!parsed.ok) {
    throw new ConfigError([{ variable, message: parsed.fault }]);
  }
  return parsed.value.reveal();
}
