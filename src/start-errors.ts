import { ConfigError, EXIT_CONFIG } from './config/config-error.js';
import { DevelopmentStateError } from './config/development-state.js';
import { UnopenableKeyError } from './crypto/key-wrap.js';
import { connectionFailure } from './database/connection-failure.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres-error.js';
import { PendingMigrationsError } from './database/migrate.js';
import { MetricsPortError } from './observability/metrics-listener.js';
import { AdminBootstrapError } from './users/admin-bootstrap.js';

/** What whoever started the service can mend: told in one paragraph, without a stack. */
const OPERATOR_ERRORS = [
  ConfigError,
  UnopenableKeyError,
  AdminBootstrapError,
  DevelopmentStateError,
  EmbeddedPostgresError,
  PendingMigrationsError,
  MetricsPortError,
];
/** What no restart heals, since the configuration must change. */
const CONFIGURATION_ERRORS = [ConfigError, UnopenableKeyError, AdminBootstrapError];

/** @returns 78 (EX_CONFIG) for a faulty configuration, 1 for everything else */
export function exitCodeOf(error: unknown): number {
  return CONFIGURATION_ERRORS.some((kind) => error instanceof kind) ? EXIT_CONFIG : 1;
}

/** @param failure what did not happen because of it */
export function messageOf(error: unknown, failure = 'Gatehouse did not start'): string {
  if (!(error instanceof Error)) return `${failure}: ${String(error)}`;
  if (OPERATOR_ERRORS.some((kind) => error instanceof kind)) return `${failure}. ${error.message}`;
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') {
    return `${failure}: ${String(address)}:${String(port)} is in use. Stop what listens there, or set PORT.`;
  }
  const database = connectionFailure(error);
  if (database) return `${failure}. ${database.reason}. Check DATABASE_URL, and MIGRATE_DATABASE_URL where it is set.`;
  return `${failure}: ${error.stack ?? error.message}`;
}
