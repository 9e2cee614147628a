import { DataSource } from 'typeorm';
import type { AppConfig } from './config/app-config.js';
import { dataSourceOptions } from './database/data-source-options.js';
import { isServed, startEmbeddedPostgres } from './database/embedded-postgres.js';
import { migrateDatabase } from './migrate-database.js';
import { prepareConfig } from './prepare-config.js';

/**
 * Runs what a command does with the configured database, once that has its migrations. In development the Postgres of
 * `npm start` is shared while that runs; otherwise it runs for as long as this takes.
 * @param tell takes what is done meanwhile, a line each
 * @throws ConfigError, DevelopmentStateError, EmbeddedPostgresError, PendingMigrationsError
 */
export async function withDatabase<Result>(
  tell: (line: string) => void,
  use: (config: AppConfig) => Promise<Result>,
): Promise<Result> {
  const { config, embedded } = await prepareConfig();
  const postgres = embedded && !isServed(embedded) ? await startEmbeddedPostgres(embedded, tell) : undefined;
  try {
    await migrateDatabase(config, tell);
    return await use(config);
  } finally {
    await postgres?.stop();
  }
}

/** The same with one connection of its own. @throws as `withDatabase` */
export function withConnection<Result>(
  tell: (line: string) => void,
  use: (dataSource: DataSource, config: AppConfig) => Promise<Result>,
): Promise<Result> {
  return withDatabase(tell, async (config) => {
    const { url, pooler } = config.database;
    const options = dataSourceOptions({ url: url.reveal(), purpose: 'requests', pooler, poolSize: 1 });
    const dataSource = await new DataSource(options).initialize();
    try {
      return await use(dataSource, config);
    } finally {
      await dataSource.destroy();
    }
  });
}
