import type { DataSourceOptions } from 'typeorm';
import { BoundedClient } from './bounded-client.js';
import type { PoolConnections } from './pool-connections.js';

const HOUR_MS = 60 * 60 * 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** How long beyond the server's own limit an answer is waited for: only a lost connection takes longer. */
const ANSWER_SLACK_MS = 5_000;

/** Bounds of every session, in milliseconds; 0 is none. Sent at connection, so that no query needs to ask for them. */
const sessionLimits = {
  requests: {
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 15_000,
  },
  // An index of a large table takes its time; but while a migration waits for a lock, every request to that table
  // waits behind it, so it had better give up and be started again. The connection that holds the turn idles meanwhile;
  // one that was left behind by a machine that is gone must not hold it for ever.
  migrations: {
    statement_timeout: 2 * HOUR_MS,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 6 * HOUR_MS,
  },
} as const;

/** How long an answer is waited for, in milliseconds, whatever the server does. */
const answerLimits = { requests: { query_timeout: STATEMENT_TIMEOUT_MS + ANSWER_SLACK_MS }, migrations: {} } as const;

/** What goes to node-postgres as it is. */
interface DriverOptions {
  readonly Client: typeof BoundedClient;
  readonly prepares: boolean;
  readonly statement_timeout?: number;
  readonly lock_timeout?: number;
  readonly idle_in_transaction_session_timeout?: number;
  readonly query_timeout?: number;
  readonly keepAlive: boolean;
  readonly idleTimeoutMillis: number;
}

export type DatabaseOptions = Omit<Extract<DataSourceOptions, { type: 'postgres' }>, 'extra'> & {
  readonly extra: DriverOptions;
};

export interface DataSourceSettings {
  /** Undefined where `extra.connectionString` gives it later. */
  readonly url: string | undefined;
  readonly purpose: 'requests' | 'migrations';
  /**
   * `transaction`: a pooler gives each transaction another connection, so the session has no limits of ours. PgBouncer
   * refuses a connection that asks for them, and a `SET` would stay with whoever gets the connection next. The role's own
   * take their place (`ALTER ROLE … SET statement_timeout`).
   */
  readonly pooler?: 'session' | 'transaction';
  readonly poolSize?: number;
  /** Takes the loss of an idle connection, which the pool replaces. */
  readonly onConnectionLost?: (error: Error) => void;
  /** Told of each connection that the pool makes. */
  readonly connections?: PoolConnections;
}

/** How every DataSource of Gatehouse talks to Postgres; entities and migrations are added by whoever owns the lists. */
export function dataSourceOptions(settings: DataSourceSettings): DatabaseOptions {
  const { url, purpose, pooler = 'session', poolSize = 2, onConnectionLost = () => undefined } = settings;
  return {
    type: 'postgres',
    ...(url === undefined ? {} : { url }),
    applicationName: 'gatehouse',
    poolSize,
    // Also how long a request waits for a connection of the pool.
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    poolErrorHandler: onConnectionLost,
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    logging: false,
    extra: {
      Client: settings.connections?.clientClass() ?? BoundedClient,
      prepares: pooler === 'session' && purpose === 'requests',
      ...(pooler === 'session' ? sessionLimits[purpose] : {}),
      ...answerLimits[purpose],
      keepAlive: true,
      idleTimeoutMillis: 60_000,
    },
  };
}
