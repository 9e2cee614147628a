import { join } from 'node:path';
import type { AppConfig } from './config/app-config.js';
import { ConfigError } from './config/config-error.js';
import { developmentState, fillDevelopmentEnvironment } from './config/development-state.js';
import type { DevelopmentState } from './config/development-state.js';
import { loadEnvironment } from './config/environment.js';
import { loadAppConfig } from './config/load-app-config.js';
import { decideMode } from './config/mode.js';
import { planEmbeddedPostgres } from './database/embedded-postgres.js';
import type { EmbeddedPostgresPlan } from './database/embedded-postgres.js';

const DATA_DIRECTORY = '.data';

export interface Prepared {
  readonly config: AppConfig;
  /** Of development only. */
  readonly state: DevelopmentState | undefined;
  /** Where development has no `DATABASE_URL`. */
  readonly embedded: EmbeddedPostgresPlan | undefined;
}

/**
 * Reads the configuration of a process, the service or a command. Everything is checked before anything is started.
 * @throws ConfigError, DevelopmentStateError
 */
export async function prepareConfig(): Promise<Prepared> {
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
