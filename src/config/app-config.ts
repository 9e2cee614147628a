import type { Secret } from '../shared/secret.js';

export const JWT_ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'HS256'] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whose `X-Forwarded-For` entry is believed: nobody's, that of the last n hops, or of these addresses and CIDR blocks. */
export type TrustProxy =
  | { readonly kind: 'none' }
  | { readonly kind: 'hops'; readonly hops: number }
  | { readonly kind: 'addresses'; readonly cidrs: readonly string[] };

/**
 * The whole configuration: checked, typed and frozen. Made once by `loadAppConfig` from the environment; also the
 * dependency injection token under which every module finds it. Lifetimes are whole seconds.
 */
export abstract class AppConfig {
  abstract readonly mode: 'development' | 'production';
  abstract readonly logLevel: LogLevel;
  abstract readonly http: {
    readonly host: string;
    readonly port: number;
    /** Origin without a trailing slash, such as `https://auth.example.com`. */
    readonly publicUrl: string;
    readonly appUrl: string;
    readonly corsOrigins: readonly string[];
    readonly trustProxy: TrustProxy;
    readonly docs: boolean;
    readonly rateLimit: boolean;
    /** Undefined where the service speaks plain HTTP: to a proxy that ends TLS, or in development. */
    readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  };
  /** Where Prometheus asks; undefined where it cannot. Port 0 takes a free one. */
  abstract readonly metrics: { readonly host: string; readonly port: number } | undefined;
  /** Where traces go; undefined where nothing is traced. */
  abstract readonly tracing: { readonly endpoint: string } | undefined;
  /** What instances count requests in together; undefined where each counts by itself. */
  abstract readonly redis: { readonly url: Secret } | undefined;
  abstract readonly database: {
    readonly url: Secret;
    readonly migrateUrl: Secret;
    readonly poolSize: number;
    /** `transaction`: behind a pooler such as PgBouncer that gives each transaction another connection. */
    readonly pooler: 'session' | 'transaction';
    readonly migrateAtStart: boolean;
  };
  abstract readonly tokens: {
    readonly algorithm: JwtAlgorithm;
    /** The first is used, all are accepted. */
    readonly jwtSecrets: readonly [Secret, ...Secret[]];
    readonly issuer: string;
    readonly audience: string;
    readonly accessTokenTtlSeconds: number;
    readonly keyRotationSeconds: number;
  };
  abstract readonly sessions: {
    /** The first is used, all are accepted. */
    readonly refreshSecrets: readonly [Secret, ...Secret[]];
    readonly idleSeconds: number;
    readonly graceSeconds: number;
    readonly maxAgeSeconds: number;
    readonly perUser: number;
  };
  abstract readonly passwords: {
    readonly minLength: number;
    readonly argon2MemoryKiB: number;
    readonly argon2Time: number;
    readonly hashConcurrency: number;
  };
  abstract readonly accounts: {
    readonly registration: 'open' | 'closed';
    readonly requireVerifiedEmail: boolean;
    readonly adminEmail: string | undefined;
    readonly adminPassword: Secret | undefined;
    readonly adminMaxAuthAgeSeconds: number;
    readonly adminRequireMfa: boolean;
  };
  abstract readonly events: {
    /** At least: events go by whole months. */
    readonly keepSeconds: number;
  };
  abstract readonly mail:
    | { readonly kind: 'off' }
    | { readonly kind: 'files'; readonly directory: string; readonly from: string }
    | { readonly kind: 'smtp'; readonly url: Secret; readonly from: string };
}
