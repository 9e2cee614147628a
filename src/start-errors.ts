import { ConfigError, EXIT_CONFIG } from './config/config-error.js';
import { DevelopmentStateError } from './config/development-state.js';
import { UnopenableKeyError } from './crypto/key-wrap.js';
import { EmbeddedPostgresError } from './database/embedded/embedded-postgres-error.js';
import { PendingMigrationsError } from './database/migrate.js';
import { AdminBootstrapError } from './users/admin-bootstrap.js';

/** What whoever started the service can mend: told in one paragraph, without a stack. */
const OPERATOR_ERRORS = [
  ConfigError,
  UnopenableKeyError,
  AdminBootstrapError,
  DevelopmentStateError,
  EmbeddedPostgresError,
  PendingMigrationsError,
];
/** What no restart heals, since the configuration must change. */
const CONFIGURATION_ERRORS = [ConfigError, UnopenableKeyError, AdminBootstrapError];

/** @returns 78 (EX_CONFIG) for a faulty configuration, 1 for everything else */
export function exitCodeOf(error: unknown): number {
  return CONFIGURATION_ERRORS.some((kind) => error instanceof kind) ? EXIT_CONFIG : 1;
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `Gatehouse did not start: ${String(error)}`;
  if (OPERATOR_ERRORS.some((kind) => error instanceof kind)) return `Gatehouse did not start. ${error.message}`;
  const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') {
    return `Gatehouse did not start: ${String(address)}:${String(port)} is in use. Stop what listens there, or set PORT.`;
  }
  if (code === 'ECONNREFUSED') {
    return `Gatehouse did not start: no Postgres answers at ${String(address)}:${String(port)}. Check DATABASE_URL.`;
  }
  return `Gatehouse did not start: ${error.stack ?? error.message}`;
}
