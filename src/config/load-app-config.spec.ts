import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { inspect } from 'node:util';
import type { AppConfig } from './app-config.js';
import type { ConfigFault } from './config-error.js';
import { ConfigError, EXIT_CONFIG, formatFaults } from './config-error.js';
import { VARIABLE_DOCS } from './configuration-docs.js';
import { loadAppConfig } from './load-app-config.js';
import type { VariableName } from './schema.js';
import { VARIABLES } from './schema.js';

type Variables = Partial<Record<VariableName, string>>;

const randomSecret = (): string => randomBytes(32).toString('base64');

const development = (variables: Variables = {}): Variables => ({
  DATABASE_URL: 'postgres://gatehouse:pw@127.0.0.1:5432/gatehouse',
  JWT_SECRET: randomSecret(),
  REFRESH_SECRET: randomSecret(),
  ...variables,
});

const production = (variables: Variables = {}): Variables =>
  development({
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    PUBLIC_URL: 'https://auth.example.com',
    SMTP_URL: 'smtps://u:p@mail.example.com',
    ...variables,
  });

const faultsOf = (variables: Variables, earlier?: readonly ConfigFault[]): readonly ConfigFault[] => {
  try {
    loadAppConfig(variables, earlier);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.faults;
    }
    throw error;
  }
};
const faulty = (variables: Variables): string[] => faultsOf(variables).map(({ variable }) => variable);

describe('the configuration in development', () => {
  it('has the defaults of the contract', () => {
    expect(loadAppConfig(development())).toMatchObject({
      mode: 'development',
      logLevel: 'info',
      http: {
        host: '127.0.0.1',
        port: 3_000,
        publicUrl: 'http://127.0.0.1:3000',
        appUrl: 'http://127.0.0.1:3000',
        corsOrigins: [],
        trustProxy: { kind: 'none' },
        docs: true,
        rateLimit: true,
        tls: undefined,
      },
      metrics: { host: '127.0.0.1', port: 9_464 },
      tracing: undefined,
      redis: undefined,
      database: { poolSize: 10, migrateAtStart: true },
      tokens: {
        algorithm: 'ES256',
        issuer: 'http://127.0.0.1:3000',
        audience: 'http://127.0.0.1:3000',
        accessTokenTtlSeconds: 900,
      },
      sessions: { idleSeconds: 604_800, graceSeconds: 30, maxAgeSeconds: 2_592_000, perUser: 100 },
      passwords: { minLength: 15, argon2MemoryKiB: 19_456, argon2Time: 2 },
      accounts: {
        registration: 'open',
        requireVerifiedEmail: false,
        adminEmail: undefined,
        adminPassword: undefined,
        adminMaxAuthAgeSeconds: 43_200,
        adminRequireMfa: false,
      },
      mail: { kind: 'files', directory: '.data/mail', from: 'Gatehouse <no-reply@localhost>' },
    });
  });

  it('hashes on as many threads as there are processors, within 2 and 4', () => {
    expect(loadAppConfig(development()).passwords.hashConcurrency).toBe(
      Math.min(4, Math.max(2, availableParallelism())),
    );
  });

  it('means by an unset variable what the table calls its default', () => {
    const values = development();
    const literal = /^(?:[0-9]+[smhd]?|127\.0\.0\.1|on|open|info|ES256)$/;
    const defaults = VARIABLE_DOCS.filter((doc) => literal.test(doc.default)).map(
      (doc) => [doc.name, doc.default] as const,
    );

    expect(defaults.length).toBeGreaterThan(15);
    expect(inspect(loadAppConfig({ ...values, ...Object.fromEntries(defaults) }), { depth: 9 })).toBe(
      inspect(loadAppConfig(values), { depth: 9 }),
    );
  });

  it.each([
    ['::1', '8080', 'http://[::1]:8080'],
    ['localhost', '80', 'http://localhost'],
    ['0.0.0.0', '3000', 'http://127.0.0.1:3000'],
  ])('is reached from this machine when listening on %s port %s', (HOST, PORT, publicUrl) => {
    expect(loadAppConfig(development({ NODE_ENV: 'development', HOST, PORT })).http.publicUrl).toBe(publicUrl);
  });

  it('counts an empty variable as unset', () => {
    expect(loadAppConfig(development({ PORT: '', ADMIN_EMAIL: '' })).http.port).toBe(3_000);
  });

  it('demands secrets and a database all the same', () => {
    expect(faulty({})).toEqual(['DATABASE_URL', 'JWT_SECRET', 'REFRESH_SECRET']);
  });

  it('demands a declared NODE_ENV where others can reach it, along with what production needs', () => {
    expect(faulty({ HOST: '0.0.0.0' })).toEqual(
      expect.arrayContaining(['NODE_ENV', 'DATABASE_URL', 'JWT_SECRET', 'REFRESH_SECRET']),
    );
    expect(faulty(production({ NODE_ENV: 'staging' }))).toEqual(['NODE_ENV']);
  });
});

describe('the configuration in production', () => {
  it('has the defaults of the contract', () => {
    expect(loadAppConfig(production())).toMatchObject({
      mode: 'production',
      http: { docs: false, rateLimit: true, appUrl: 'https://auth.example.com' },
      tokens: { issuer: 'https://auth.example.com', audience: 'https://auth.example.com' },
      accounts: { adminRequireMfa: true, requireVerifiedEmail: true, registration: 'open' },
      mail: { kind: 'smtp', from: 'Gatehouse <no-reply@auth.example.com>' },
    });
  });

  it('refuses an incomplete environment, naming each variable once', () => {
    const expected = ['DATABASE_URL', 'JWT_SECRET', 'PUBLIC_URL', 'REFRESH_SECRET', 'SMTP_URL'];

    expect(faulty({ NODE_ENV: 'production' }).sort()).toEqual(expected);
    for (const name of expected) {
      expect(faulty(production({ [name]: '' }))).toEqual([name]);
    }
  });

  it.each<[string, Variables]>([
    ['PUBLIC_URL', { PUBLIC_URL: 'http://auth.example.com' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://auth.example.com/' }],
    ['APP_URL', { APP_URL: 'http://app.example.com' }],
    ['MAIL', { MAIL: 'files' }],
    ['RATE_LIMIT', { RATE_LIMIT: 'off' }],
    ['RATE_LIMIT', { RATE_LIMIT: 'false' }],
  ])('refuses for %s %j', (variable, variables) => {
    expect(faulty(production(variables))).toEqual([variable]);
  });

  it('does without mail where that is said, and closes registration then', () => {
    expect(loadAppConfig(production({ SMTP_URL: '', MAIL: 'off', REGISTRATION: 'open' }))).toMatchObject({
      mail: { kind: 'off' },
      accounts: { registration: 'closed', requireVerifiedEmail: false },
    });
  });

  it('serves the documentation only on demand', () => {
    expect(loadAppConfig(production({ DOCS: 'on' })).http.docs).toBe(true);
  });
});

describe('what variables mean to one another', () => {
  it.each<[string, Variables]>([
    ['REFRESH_EXPIRE', { JWT_EXPIRE: '15m', REFRESH_EXPIRE: '15m' }],
    ['SESSION_MAX_AGE', { REFRESH_EXPIRE: '8d', SESSION_MAX_AGE: '7d' }],
    ['SESSION_MAX_AGE', { REFRESH_EXPIRE: '31d' }],
    ['ARGON2_MEMORY', { ARGON2_TIME: '1' }],
    ['ARGON2_MEMORY', { ARGON2_MEMORY: '19455' }],
    ['SMTP_URL', { MAIL: 'smtp' }],
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'admin@example.com' }],
    ['ADMIN_EMAIL', { ADMIN_PASSWORD: 'long-enough-for-a-password' }],
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'fourteen chars' }],
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: 'x'.repeat(129) }],
    ['ADMIN_PASSWORD', { ADMIN_EMAIL: 'a@b.c', ADMIN_PASSWORD: '😀'.repeat(20), PASSWORD_MIN_LENGTH: '21' }],
    ['JWT_EXPIRE', { JWT_EXPIRE: '61m' }],
    ['REFRESH_GRACE', { REFRESH_GRACE: '61s' }],
    ['PASSWORD_MIN_LENGTH', { PASSWORD_MIN_LENGTH: '7' }],
    ['JWT_ALGORITHM', { JWT_ALGORITHM: 'none' }],
    ['CORS_ORIGINS', { CORS_ORIGINS: '*' }],
    ['TRUST_PROXY', { TRUST_PROXY: '0.0.0.0/0' }],
    ['TLS_KEY_FILE', { TLS_CERT_FILE: '/run/secrets/chain.pem' }],
    ['TLS_CERT_FILE', { TLS_KEY_FILE: '/run/secrets/key.pem' }],
    ['METRICS_PORT', { PORT: '9464' }],
    ['METRICS_PORT', { METRICS_PORT: 'none' }],
  ])('finds the fault at %s in %j', (variable, variables) => {
    expect(faulty(development(variables))).toEqual([variable]);
  });

  it.each<Variables>([
    { ARGON2_TIME: '1', ARGON2_MEMORY: '47104' },
    { ARGON2_TIME: '3', ARGON2_MEMORY: '12288' },
    { JWT_EXPIRE: '60m', REFRESH_EXPIRE: '61m', SESSION_MAX_AGE: '61m', REFRESH_GRACE: '0' },
    { JWT_EXPIRE: '1s', REFRESH_EXPIRE: '2s', SESSION_MAX_AGE: '2s' },
    { ADMIN_EMAIL: 'admin@example.com', ADMIN_PASSWORD: '😀'.repeat(15) },
    { RATE_LIMIT: 'off', DOCS: 'off', MIGRATE: 'off', METRICS_PORT: 'off' },
    { PORT: '0', METRICS_PORT: '0' },
    { TLS_CERT_FILE: '/run/secrets/chain.pem', TLS_KEY_FILE: '/run/secrets/key.pem' },
  ])('takes %j', (variables) => {
    expect(faulty(development(variables))).toEqual([]);
  });

  it('refuses a refresh secret that resource servers could know or build under HS256', () => {
    const [one, two] = [randomSecret(), randomSecret()];

    expect(faulty(development({ JWT_SECRET: one, REFRESH_SECRET: one }))).toEqual(['REFRESH_SECRET']);
    expect(faulty(development({ JWT_SECRET: `${one},${two}`, REFRESH_SECRET: `${randomSecret()},${two}` }))).toEqual([
      'REFRESH_SECRET',
    ]);
    expect(faulty(development({ JWT_SECRET: one, REFRESH_SECRET: `${one}-refresh` }))).toEqual(['REFRESH_SECRET']);
  });

  it('keeps the order of a list of secrets', () => {
    const [one, two] = [randomSecret(), randomSecret()];

    expect(
      loadAppConfig(development({ JWT_SECRET: `${one},${two}` })).tokens.jwtSecrets.map((secret) => secret.reveal()),
    ).toEqual([one, two]);
  });

  it('makes an https origin of its own where it serves HTTPS itself', () => {
    const files = { TLS_CERT_FILE: 'chain.pem', TLS_KEY_FILE: 'key.pem' };

    expect(loadAppConfig(development(files)).http).toMatchObject({
      publicUrl: 'https://127.0.0.1:3000',
      tls: { certFile: 'chain.pem', keyFile: 'key.pem' },
    });
  });

  it('opens no port for Prometheus where it is off', () => {
    expect(loadAppConfig(development({ METRICS_PORT: 'off' })).metrics).toBeUndefined();
  });

  it('verifies addresses where mail is sent, unless told otherwise', () => {
    const required = (variables: Variables): boolean =>
      loadAppConfig(development(variables)).accounts.requireVerifiedEmail;

    expect(required({ SMTP_URL: 'smtp://localhost:1025' })).toBe(true);
    expect(required({ SMTP_URL: 'smtp://localhost:1025', REQUIRE_VERIFIED_EMAIL: 'off' })).toBe(false);
    expect(required({ MAIL: 'files', REQUIRE_VERIFIED_EMAIL: 'on' })).toBe(true);
    expect(required({ SMTP_URL: 'smtp://localhost:1025', MAIL: 'off' })).toBe(false);
  });

  it('migrates as the application’s role unless another is named', () => {
    const { database } = loadAppConfig(development({ MIGRATE_DATABASE_URL: 'postgres://owner@db/x' }));
    const same = loadAppConfig(development()).database;

    expect(database.migrateUrl.reveal()).toBe('postgres://owner@db/x');
    expect(same.migrateUrl.reveal()).toBe(same.url.reveal());
  });
});

describe('faults', () => {
  const CANARY = 'c4nary';
  const nonsense = Object.fromEntries(VARIABLES.map((name) => [name, `\t${CANARY} ,*`]));

  it('are all found at once, and none says what the value is', () => {
    const faults = faultsOf(nonsense);
    const found = new Set(faults.map(({ variable }) => variable));

    // Any text may be a password: what is wrong with this one depends on PASSWORD_MIN_LENGTH, which is itself at fault.
    expect(VARIABLES.filter((name) => !found.has(name))).toEqual(['ADMIN_PASSWORD']);
    expect(JSON.stringify(faults)).not.toContain(CANARY);
    expect(inspect(new ConfigError(faults), { depth: 9 })).not.toContain(CANARY);
  });

  it.each(VARIABLES)('of %s alone keep quiet about its value', (name) => {
    for (const value of [CANARY, `${CANARY}:${CANARY}`, `https://${CANARY}@x/?${CANARY}`, `${CANARY},${CANARY}`]) {
      expect(JSON.stringify(faultsOf(production({ [name]: value })))).not.toContain(CANARY);
    }
  });

  it('of reading come first, and hide what follows from them', () => {
    const unread = [{ variable: 'JWT_SECRET_FILE', message: 'must name a readable file with UTF-8 text in it' }];

    expect(faultsOf(development({ JWT_SECRET: '', PORT: 'x' }), unread).map(({ variable }) => variable)).toEqual([
      'JWT_SECRET_FILE',
      'PORT',
    ]);
    expect(faultsOf(development(), unread)).toEqual(unread);
  });

  it('take one line each', () => {
    const faults = faultsOf(nonsense);

    expect(formatFaults(faults).split('\n')).toHaveLength(faults.length);
    expect(formatFaults(faults)).toContain('RATE_LIMIT must be on or off');
    expect(EXIT_CONFIG).toBe(78);
  });
});

describe('the finished configuration', () => {
  const config: AppConfig = loadAppConfig(
    production({ ADMIN_EMAIL: 'a@example.com', ADMIN_PASSWORD: 'c4nary-c4nary-c4nary', TRUST_PROXY: '10.0.0.0/8' }),
  );

  it('is frozen to the bottom', () => {
    const thawed = (value: unknown): boolean =>
      typeof value === 'object' && value !== null && (!Object.isFrozen(value) || Object.values(value).some(thawed));

    expect(thawed(config)).toBe(false);
  });

  it('prints no secret, however it is printed', () => {
    const printed = inspect(config, { depth: 9, showHidden: true }) + JSON.stringify(config);

    expect(printed).not.toMatch(/c4nary|u:p@mail|gatehouse:pw/);
    expect(printed).not.toContain(config.tokens.jwtSecrets[0].reveal());
  });
});
