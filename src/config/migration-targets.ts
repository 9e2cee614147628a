import type { AppConfig } from './app-config.js';
import type { ConfigFault } from './config-error.js';
import { ConfigError } from './config-error.js';
import { loadEnvironment } from './environment.js';
import { environmentSchema } from './schema.js';

/** Where migrations run, and whom they give the rights of the service to. */
export type MigrationTargets = Pick<AppConfig['database'], 'url' | 'migrateUrl' | 'pooler'>;

const schema = environmentSchema.pick({ DATABASE_URL: true, MIGRATE_DATABASE_URL: true, DATABASE_POOLER: true });

/**
 * Reads what a migration that runs by itself needs, so that whoever runs it holds no other secret of the service.
 * @throws ConfigError
 */
export function loadMigrationTargets(env?: NodeJS.ProcessEnv, directory?: string): MigrationTargets {
  const { values, faults } = loadEnvironment(env, directory);
  const asked: readonly string[] = Object.keys(schema.shape).flatMap((name) => [name, `${name}_FILE`]);
  const unread = faults.filter(({ variable }) => variable === '.env' || asked.includes(variable));
  const result = schema.safeParse(values);
  if (result.success && unread.length === 0) {
    const { DATABASE_URL: url, MIGRATE_DATABASE_URL: migrateUrl = url, DATABASE_POOLER: pooler } = result.data;
    return { url, migrateUrl, pooler };
  }
  const issues: ConfigFault[] = (result.error?.issues ?? []).map(({ path, message }) => ({
    variable: String(path[0]),
    message,
  }));
  const told = unread.map(({ variable }) => variable.replace(/_FILE$/, ''));
  throw new ConfigError([...unread, ...issues.filter(({ variable }) => !told.includes(variable))]);
}
