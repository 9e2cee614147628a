import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { migrations } from '../migrations/index.js';
import { developmentBanner } from './banner.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigError } from './config/config-error.js';
import { developmentState, fillDevelopmentEnvironment } from './config/development-state.js';
import type { DevelopmentState } from './config/development-state.js';
import { loadEnvironment } from './config/environment.js';
import { loadAppConfig } from './config/load-app-config.js';
import { decideMode } from './config/mode.js';
import { createApp } from './configure-app.js';
import { planEmbeddedPostgres, startEmbeddedPostgres } from './database/embedded-postgres.js';
import type { EmbeddedPostgresPlan } from './database/embedded-postgres.js';
import { requireMigrated, runMigrations } from './database/migrate.js';
import { createLogger } from './observability/logger.js';

const DATA_DIRECTORY = '.data';
const PARENT_CHECK_MS = 500;

interface Prepared {
  readonly config: AppConfig;
  /** Of development only. */
  readonly state: DevelopmentState | undefined;
  /** Where development has no `DATABASE_URL`. */
  readonly embedded: EmbeddedPostgresPlan | undefined;
}

/** Reads the configuration, opens the database, listens, and stops in that order backwards at SIGTERM or SIGINT. */
export async function startGatehouse(): Promise<void> {
  const logger = new Logger('Gatehouse');
  const log = (line: string): void => {
    logger.log(line);
  };
  const { config, state, embedded } = await prepare();
  Logger.overrideLogger(createLogger(config));
  const postgres = embedded && startEmbeddedPostgres(embedded, log);
  let app: NestFastifyApplication | undefined;
  const stop = async (): Promise<void> => {
    await app?.close();
    // Told to stop while Postgres starts: it is waited for, or it would be left running.
    await (await postgres)?.stop();
  };
  stopWhenTold(stop, state === undefined ? 'by signals' : 'by signals or with the parent');
  await postgres;
  try {
    await migrate(config, log);
    app = await createApp({ config });
    await app.listen(config.http.port, config.http.host);
  } catch (error) {
    await stop();
    throw error;
  }
  if (state) process.stdout.write(developmentBanner(config, state));
}

/** Everything is checked before anything is started. */
async function prepare(): Promise<Prepared> {
  const { values, faults } = loadEnvironment();
  if (decideMode(values).mode === 'production') {
    return { config: loadAppConfig(values, faults), state: undefined, embedded: undefined };
  }
  // What could not be read must not be replaced by what development makes up.
  if (faults.length > 0) throw new ConfigError(faults);
  const state = developmentState(DATA_DIRECTORY);
  const filled = fillDevelopmentEnvironment(values, state);
  if (filled.DATABASE_URL) return { config: loadAppConfig(filled), state, embedded: undefined };
  const embedded = await planEmbeddedPostgres(join(DATA_DIRECTORY, 'postgres'), state.databasePassword);
  return { config: loadAppConfig({ ...filled, DATABASE_URL: embedded.url }), state, embedded };
}

async function migrate({ database }: AppConfig, log: (line: string) => void): Promise<void> {
  const [url, migrateUrl] = [database.url.reveal(), database.migrateUrl.reveal()];
  // An address of its own for migrations leads past the pooler.
  const pooler = migrateUrl === url ? database.pooler : 'session';
  if (database.migrateAtStart) await runMigrations({ url: migrateUrl, pooler, migrations }, log);
  else await requireMigrated({ url, pooler: database.pooler, migrations }, log);
}

/** npm hands a signal to its shell, and the shell to nobody: in development the end of the parent is one too. */
function stopWhenTold(stop: () => Promise<void>, when: 'by signals' | 'by signals or with the parent'): void {
  let stopping = false;
  const onStop = (): void => {
    if (stopping) return;
    stopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Gatehouse did not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onStop);
  if (when === 'by signals') return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onStop();
  }, PARENT_CHECK_MS).unref();
}
