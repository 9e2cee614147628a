import type { VariableName } from './schema.js';
import { VARIABLES } from './schema.js';

export interface VariableDoc {
  readonly name: VariableName;
  /** The value that means the same as leaving it unset, or in words where it depends on others. */
  readonly default: string;
  readonly meaning: string;
}

/** Names in capitals are other variables. */
const DOCS: Readonly<Record<VariableName, readonly [byDefault: string, meaning: string]>> = {
  NODE_ENV: ['development on a loopback HOST, else required', 'production, development or test'],
  HOST: ['127.0.0.1', 'Address to listen on'],
  PORT: ['3000', 'Port to listen on; 0 takes a free one'],
  PUBLIC_URL: ['http://HOST:PORT', 'Origin under which clients reach the service; required in production, with https'],
  APP_URL: ['PUBLIC_URL', 'Frontend that mailed links open'],
  DATABASE_URL: ['embedded in development, else required', 'Postgres: postgres://user:password@host:5432/database'],
  MIGRATE_DATABASE_URL: ['DATABASE_URL', 'Postgres as the role that may change the schema'],
  DATABASE_POOL: ['10', 'Connections at most, 2 to 500'],
  DATABASE_POOLER: ['session', '`transaction` behind a pooler such as PgBouncer in that mode'],
  REDIS_URL: ['none', 'Redis or Valkey: instances count requests together there; each by itself while it is away'],
  JWT_ALGORITHM: ['ES256', 'Signs access tokens: ES256, ES384, PS256, RS256 or HS256'],
  JWT_SECRET: [
    'made in development, else required',
    'Wraps the signing keys, or signs under HS256: 32 random bytes or more; a list to rotate, the first in use',
  ],
  JWT_EXPIRE: ['15m', 'Life of an access token, at most 60m'],
  JWT_ISSUER: ['PUBLIC_URL', 'The iss of access tokens'],
  JWT_AUDIENCE: ['PUBLIC_URL', 'The aud of access tokens'],
  KEY_ROTATION: ['90d', 'Age at which the signing key is replaced by itself, at least 1h'],
  REFRESH_SECRET: [
    'made in development, else required',
    'Authenticates refresh tokens, wraps data keys: as JWT_SECRET, but another one',
  ],
  REFRESH_EXPIRE: ['7d', 'Idle life of a session, longer than JWT_EXPIRE'],
  REFRESH_GRACE: ['30s', 'How long a refresh may be repeated, at most 60s'],
  SESSION_MAX_AGE: ['30d', 'Absolute life of a session, at least REFRESH_EXPIRE'],
  SESSIONS_PER_USER: ['100', 'Sessions of a user at most; the longest idle one ends'],
  PASSWORD_MIN_LENGTH: ['15', 'Characters of a password at least, 8 to 64'],
  ARGON2_MEMORY: ['19456', 'KiB of memory for a password hash'],
  ARGON2_TIME: ['2', 'Passes of a password hash; fewer need more ARGON2_MEMORY'],
  HASH_CONCURRENCY: [
    'number of processors, 2 to 4',
    'Password hashes at the same time; above 4 raise UV_THREADPOOL_SIZE too',
  ],
  CORS_ORIGINS: ['none', 'Browser origins allowed to call, exact, comma-separated'],
  TRUST_PROXY: [
    'none',
    'Whose X-Forwarded-For is believed: how many proxies stand in front (1: whoever connects, and nobody behind), or the proxies’ addresses and CIDR blocks, never clients’',
  ],
  REGISTRATION: ['open', 'open or closed; closed where MAIL is off'],
  REQUIRE_VERIFIED_EMAIL: ['on where SMTP_URL is set', 'Whether signing in needs a confirmed address: on or off'],
  SMTP_URL: ['none', 'Mail server: smtps://user:password@host:465; required in production unless MAIL is off'],
  MAIL: ['smtp where SMTP_URL is set, else files', 'smtp, files (in .data/mail, development only) or off'],
  MAIL_FROM: ['Gatehouse <no-reply@host of PUBLIC_URL>', 'Sender of mail'],
  METRICS_HOST: ['127.0.0.1', 'Address on which Prometheus asks'],
  METRICS_PORT: ['9464', 'Port of GET /metrics; 0 takes a free one, off opens none'],
  LOG_LEVEL: ['info', 'error, warn, info or debug'],
  ADMIN_EMAIL: ['admin@example.com in development', 'First admin, made while there is none'],
  ADMIN_PASSWORD: ['made in development', 'Password of the first admin; set both or neither'],
  ADMIN_MAX_AUTH_AGE: ['12h', 'How old a sign-in may be on admin routes'],
  ADMIN_REQUIRE_MFA: ['on in production', 'Whether admin routes need a second factor: on or off'],
  EVENTS_KEEP: ['400d', 'How long events are kept, at least; they go by whole months'],
  RATE_LIMIT: ['on', 'Throttling of requests: on or off; never off in production'],
  DOCS: ['on in development', 'Whether /docs and /openapi.json are served: on or off'],
  MIGRATE: ['on', 'Whether the start migrates the database: on or off'],
  TLS_CERT_FILE: ['none', 'Certificate chain in PEM, to serve HTTPS without a proxy; read again when it changes'],
  TLS_KEY_FILE: ['none', 'Its private key in PEM; set both or neither'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['none', 'OpenTelemetry collector that gets traces by OTLP over HTTP'],
};

export const VARIABLE_DOCS: readonly VariableDoc[] = VARIABLES.map((name) => {
  const [byDefault, meaning] = DOCS[name];
  return { name, default: byDefault, meaning };
});

/** The README's table, aligned as prettier leaves it. */
export function configurationTable(): string {
  const rows = [
    ['Variable', 'Default', 'Meaning'],
    ...VARIABLE_DOCS.map((doc) => [`\`${doc.name}\``, doc.default.replace(/[<>]/g, '\\$&'), doc.meaning]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], filler: string): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head, ' '), line(['', '', ''], '-'), ...body.map((cells) => line(cells, ' '))].join('\n');
}
