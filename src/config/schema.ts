import { z } from 'zod';
import { JWT_ALGORITHMS, LOG_LEVELS } from './app-config.js';
import { Secret } from '../shared/secret.js';
import { postgresUrl, redisUrl, smtpUrl } from './parsers/connection-url.js';
import { duration } from './parsers/duration.js';
import { mailAddress, mailSender } from './parsers/mailbox.js';
import { listenHost, listenPort, trustProxy } from './parsers/network.js';
import type { Parsed } from './parsers/parsed.js';
import { sound } from './parsers/parsed.js';
import { filePath, oneOf, onOff, stringOrUri, wholeNumber } from './parsers/plain.js';
import { secretList } from './parsers/secrets.js';
import { collectorUrl, webBase, webOrigin, webOrigins } from './parsers/web-address.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Reads one variable's text; what is wrong with it becomes an issue without the text. */
const read = <T>(parse: (text: string) => Parsed<T>, required = 'is required') =>
  z.string({ error: required }).transform((text, context): T => {
    const parsed = parse(text);
    if (parsed.ok) {
      return parsed.value;
    }
    context.issues.push({ code: 'custom', message: parsed.fault, input: undefined });
    return z.NEVER;
  });

/** Every variable of this release, each by itself; what they mean to one another stands in `rules.ts`. */
export const environmentSchema = z.object({
  NODE_ENV: z.string().optional(),
  HOST: read(listenHost).default('127.0.0.1'),
  PORT: read(wholeNumber(0, 65_535)).default(3_000),
  PUBLIC_URL: read(webOrigin).optional(),
  APP_URL: read(webBase).optional(),
  DATABASE_URL: read(postgresUrl, 'is required: postgres://user:password@host:5432/database'),
  MIGRATE_DATABASE_URL: read(postgresUrl).optional(),
  DATABASE_POOL: read(wholeNumber(2, 500)).default(10),
  DATABASE_POOLER: read(oneOf(['session', 'transaction'])).default('session'),
  REDIS_URL: read(redisUrl).optional(),
  JWT_ALGORITHM: read(oneOf(JWT_ALGORITHMS)).default('ES256'),
  JWT_SECRET: read(secretList, 'is required: make one with openssl rand -base64 48'),
  JWT_EXPIRE: read(duration(1, HOUR)).default(HOUR / 4),
  JWT_ISSUER: read(stringOrUri).optional(),
  JWT_AUDIENCE: read(stringOrUri).optional(),
  KEY_ROTATION: read(duration(HOUR, 3_650 * DAY)).default(90 * DAY),
  REFRESH_SECRET: read(secretList, 'is required: make another one with openssl rand -base64 48'),
  REFRESH_EXPIRE: read(duration(2, 365 * DAY)).default(7 * DAY),
  REFRESH_GRACE: read(duration(0, 60)).default(30),
  SESSION_MAX_AGE: read(duration(2, 365 * DAY)).default(30 * DAY),
  SESSIONS_PER_USER: read(wholeNumber(1, 1_000)).default(100),
  // NIST SP 800-63B-4 §3.1.1.2: never under 8, and passwords of 64 must be possible.
  PASSWORD_MIN_LENGTH: read(wholeNumber(8, 64)).default(15),
  ARGON2_MEMORY: read(wholeNumber(12_288, 262_144)).default(19_456),
  ARGON2_TIME: read(wholeNumber(1, 16)).default(2),
  HASH_CONCURRENCY: read(wholeNumber(1, 64)).optional(),
  CORS_ORIGINS: read(webOrigins).default([]),
  TRUST_PROXY: read(trustProxy).default({ kind: 'none' }),
  REGISTRATION: read(oneOf(['open', 'closed'])).default('open'),
  REQUIRE_VERIFIED_EMAIL: read(onOff).optional(),
  SMTP_URL: read(smtpUrl).optional(),
  MAIL: read(oneOf(['smtp', 'files', 'off'])).optional(),
  MAIL_FROM: read(mailSender).optional(),
  METRICS_HOST: read(listenHost).default('127.0.0.1'),
  METRICS_PORT: read(listenPort).default(9_464),
  LOG_LEVEL: read(oneOf(LOG_LEVELS)).default('info'),
  ADMIN_EMAIL: read(mailAddress).optional(),
  ADMIN_PASSWORD: read((text) => sound(new Secret(text))).optional(),
  ADMIN_MAX_AUTH_AGE: read(duration(1, 30 * DAY)).default(12 * HOUR),
  ADMIN_REQUIRE_MFA: read(onOff).optional(),
  // A month of events goes when all of it is older, so a whole one has to be kept.
  EVENTS_KEEP: read(duration(31 * DAY, 3_650 * DAY)).default(400 * DAY),
  RATE_LIMIT: read(onOff).default(true),
  DOCS: read(onOff).optional(),
  MIGRATE: read(onOff).default(true),
  TLS_CERT_FILE: read(filePath).optional(),
  TLS_KEY_FILE: read(filePath).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: read(collectorUrl).optional(),
});

/** The variables as they are understood, each by itself sound. */
export type Environment = z.output<typeof environmentSchema>;
export type VariableName = keyof typeof environmentSchema.shape;

export const VARIABLES: readonly VariableName[] = environmentSchema.keyof().options;
