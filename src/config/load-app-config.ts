import { availableParallelism } from 'node:os';
import { isIP } from 'node:net';
import type { AppConfig } from './app-config.js';
import type { ConfigFault } from './config-error.js';
import { ConfigError } from './config-error.js';
import type { Mode, Values } from './mode.js';
import { decideMode } from './mode.js';
import { isLoopback } from './parsers/network.js';
import { schemaOf } from './rules.js';
import type { Environment } from './schema.js';

const MAIL_DIRECTORY = '.data/mail';
// argon2 runs in libuv's pool, which has four threads unless UV_THREADPOOL_SIZE says otherwise.
const LIBUV_THREADS = 4;

/**
 * Makes the configuration of what `readEnvironment` found.
 * @param faults what reading found already, so that all of it is told at once
 * @throws ConfigError with every fault there is
 */
export function loadAppConfig(values: Values, faults: readonly ConfigFault[] = []): Readonly<AppConfig> {
  const { mode, fault } = decideMode(values);
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ''));
  const result = schemaOf(mode).safeParse(given);
  const found: ConfigFault[] = [...faults, ...(fault === undefined ? [] : [fault])];
  if (result.success && found.length === 0) {
    return deepFreeze(configOf(mode, result.data));
  }
  const unread = faults.map(({ variable }) => variable);
  const issues = (result.error?.issues ?? [])
    .map(({ path, message }) => ({ variable: String(path[0]), message }))
    // A file that cannot be read is one fault, not two.
    .filter(({ variable }) => !unread.includes(variable) && !unread.includes(`${variable}_FILE`));
  throw new ConfigError([...found, ...issues]);
}

function configOf(mode: Mode, is: Environment): Readonly<AppConfig> {
  const publicUrl = is.PUBLIC_URL ?? localOrigin(is);
  const mail = mailOf(is, publicUrl);
  return {
    mode,
    logLevel: is.LOG_LEVEL,
    http: {
      host: is.HOST,
      port: is.PORT,
      publicUrl,
      appUrl: is.APP_URL ?? publicUrl,
      corsOrigins: is.CORS_ORIGINS,
      trustProxy: is.TRUST_PROXY,
      docs: is.DOCS ?? mode === 'development',
      rateLimit: is.RATE_LIMIT,
      tls: tlsOf(is),
    },
    metrics: is.METRICS_PORT === 'off' ? undefined : { host: is.METRICS_HOST, port: is.METRICS_PORT },
    tracing: is.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? undefined : { endpoint: is.OTEL_EXPORTER_OTLP_ENDPOINT },
    redis: is.REDIS_URL && { url: is.REDIS_URL },
    database: {
      url: is.DATABASE_URL,
      migrateUrl: is.MIGRATE_DATABASE_URL ?? is.DATABASE_URL,
      poolSize: is.DATABASE_POOL,
      pooler: is.DATABASE_POOLER,
      migrateAtStart: is.MIGRATE,
    },
    tokens: {
      algorithm: is.JWT_ALGORITHM,
      jwtSecrets: is.JWT_SECRET,
      issuer: is.JWT_ISSUER ?? publicUrl,
      audience: is.JWT_AUDIENCE ?? publicUrl,
      accessTokenTtlSeconds: is.JWT_EXPIRE,
      keyRotationSeconds: is.KEY_ROTATION,
    },
    sessions: {
      refreshSecrets: is.REFRESH_SECRET,
      idleSeconds: is.REFRESH_EXPIRE,
      graceSeconds: is.REFRESH_GRACE,
      maxAgeSeconds: is.SESSION_MAX_AGE,
      perUser: is.SESSIONS_PER_USER,
    },
    passwords: {
      minLength: is.PASSWORD_MIN_LENGTH,
      argon2MemoryKiB: is.ARGON2_MEMORY,
      argon2Time: is.ARGON2_TIME,
      hashConcurrency: is.HASH_CONCURRENCY ?? Math.min(LIBUV_THREADS, Math.max(2, availableParallelism())),
    },
    accounts: {
      // Without mail nobody could confirm an address, and nobody would learn that theirs was used.
      registration: mail.kind === 'off' ? 'closed' : is.REGISTRATION,
      requireVerifiedEmail: is.REQUIRE_VERIFIED_EMAIL ?? (mail.kind !== 'off' && is.SMTP_URL !== undefined),
      adminEmail: is.ADMIN_EMAIL,
      adminPassword: is.ADMIN_PASSWORD,
      adminMaxAuthAgeSeconds: is.ADMIN_MAX_AUTH_AGE,
      adminRequireMfa: is.ADMIN_REQUIRE_MFA ?? mode === 'production',
    },
    events: { keepSeconds: is.EVENTS_KEEP },
    mail,
  };
}

/** Where a browser on this machine finds the service. */
function localOrigin(is: Environment): string {
  const { HOST, PORT } = is;
  const scheme = tlsOf(is) === undefined ? 'http' : 'https';
  const host = isLoopback(HOST) ? HOST : '127.0.0.1';
  return new URL(`${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${PORT}`).origin;
}

function tlsOf({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile }: Environment): AppConfig['http']['tls'] {
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}

function mailOf(is: Environment, publicUrl: string): AppConfig['mail'] {
  if (is.MAIL === 'off') {
    return { kind: 'off' };
  }
  const { hostname } = new URL(publicUrl);
  const isName = isIP(hostname) === 0 && !hostname.startsWith('[');
  const from = is.MAIL_FROM ?? `Gatehouse <no-reply@${isName ? hostname : 'localhost'}>`;
  return is.MAIL === 'files' || is.SMTP_URL === undefined
    ? { kind: 'files', directory: MAIL_DIRECTORY, from }
    : { kind: 'smtp', url: is.SMTP_URL, from };
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value) as unknown[]) {
    if (typeof member === 'object' && member !== null) {
      deepFreeze(member);
    }
  }
  return Object.freeze(value);
}
