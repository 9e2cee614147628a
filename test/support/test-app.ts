import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import type { AppConfig } from '../../src/config/app-config.js';
import { loadAppConfig } from '../../src/config/load-app-config.js';
import { createApp } from '../../src/configure-app.js';
import { LogOutput } from '../../src/observability/log-output.js';
import type { Sink } from '../../src/observability/log-output.js';
import { createLogger } from '../../src/observability/logger.js';
import { Api } from './api.js';
import { createTestDatabase } from './database.js';
import type { TestDatabase } from './database.js';
import { TestClock } from './test-clock.js';

export const ADMIN = { email: 'admin@example.com', password: 'violet harbour thirty lanterns' };

export const randomSecret = (): string => randomBytes(32).toString('base64url');

export interface TestApp {
  readonly api: Api;
  readonly app: NestFastifyApplication;
  readonly config: AppConfig;
  readonly clock: TestClock;
  readonly database: TestDatabase;
  /** Straight to the tables, past the service. */
  sql<Row>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** Variables of the environment over the defaults below. */
  readonly env?: Readonly<Record<string, string>>;
  /** A second instance on the database of another. */
  readonly database?: TestDatabase;
  readonly clock?: TestClock;
  /** A free port of the loopback, unless a test has to know it before: for PUBLIC_URL. */
  readonly port?: number;
  /** Takes the log as it is in production, instead of the standard output. */
  readonly logTo?: Sink;
}

/**
 * The values that a test's service is configured with: everything set, throttling off (tests of it turn it on), and
 * hashing as cheap as the configuration accepts.
 */
export function testEnvironment(
  databaseUrl: string,
  env: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    NODE_ENV: 'test',
    JWT_SECRET: randomSecret(),
    REFRESH_SECRET: randomSecret(),
    DATABASE_URL: databaseUrl,
    PUBLIC_URL: 'http://127.0.0.1:3000',
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    RATE_LIMIT: 'off',
    LOG_LEVEL: 'error',
    METRICS_PORT: 'off',
    // The reference page is served by packages that Jest would have to compile; the smoke test of the built server has it.
    DOCS: 'off',
    ...env,
  };
}

/** Starts the service as `main` does, on a database of its own and a free port of the loopback. */
export async function startTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const clock = options.clock ?? new TestClock();
  const mailDirectory = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-mail-'));
  const loaded = loadAppConfig(testEnvironment(database.url, options.env));
  const config =
    loaded.mail.kind === 'files' ? { ...loaded, mail: { ...loaded.mail, directory: mailDirectory } } : loaded;
  const { logTo } = options;
  const logger = logTo && (await createLogger({ ...config, mode: 'production' }, new LogOutput(logTo)));
  const app = await createApp({ config, clock, ...(logger && { logger }) });
  await app.listen(options.port ?? 0, '127.0.0.1');
  const dataSource = app.get(DataSource);
  return {
    api: new Api(await app.getUrl()),
    app,
    config,
    clock,
    database,
    sql: async <Row>(text: string, values: unknown[] = []) => {
      const runner = dataSource.createQueryRunner();
      try {
        return (await runner.query(text, values, true)).records as Row[];
      } finally {
        await runner.release();
      }
    },
    close: async () => {
      await app.close();
      if (!options.database) await database.drop();
      rmSync(mailDirectory, { recursive: true, force: true });
    },
  };
}
