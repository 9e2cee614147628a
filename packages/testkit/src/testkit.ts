import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { loadAppConfig } from '../../../src/config/load-app-config.js';
import type { AppConfig } from '../../../src/config/app-config.js';
import { createApp } from '../../../src/configure-app.js';
import { migrateDatabase } from '../../../src/migrate-database.js';
import { addAccount } from './accounts.js';
import type { TestAccount } from './accounts.js';
import { freePort } from './free-port.js';
import { Mailbox } from './mailbox.js';
import { RefreshAnswers } from './refresh-answers.js';
import { SetClock } from './set-clock.js';
import { startThrowawayPostgres } from './throwaway-postgres.js';

const HOST = '127.0.0.1';

export interface TestkitOptions {
  /** Of the loopback; a free one unless it is given. */
  readonly port?: number;
  /** Who can sign in from the first moment, besides the admin. */
  readonly accounts?: readonly TestAccount[];
  /** Variables of Gatehouse's configuration over those of the testkit, such as `CORS_ORIGINS` or `REQUIRE_VERIFIED_EMAIL`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A Gatehouse that runs, and what a test may do to it. */
export interface Testkit {
  readonly url: string;
  readonly admin: { readonly email: string; readonly password: string };
  /** The service's own: what expires for it, expires when this is advanced. */
  readonly clock: { now(): Date; advance(seconds: number): void };
  readonly mailbox: Mailbox;
  readonly refreshAnswers: RefreshAnswers;
  /** @returns the account's id */
  addAccount(account: TestAccount): Promise<string>;
  /** Ends it and removes all that it has written. */
  stop(): Promise<void>;
}

const ADMIN = { email: 'admin@example.com', password: 'violet harbour thirty lanterns' };
const secret = (): string => randomBytes(32).toString('base64url');

/** The hash is as cheap as the configuration accepts, and no test meets a limit that it does not ask for. */
const environment = (databaseUrl: string, url: string): Readonly<Record<string, string>> => ({
  NODE_ENV: 'test',
  JWT_SECRET: secret(),
  REFRESH_SECRET: secret(),
  DATABASE_URL: databaseUrl,
  PUBLIC_URL: url,
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  RATE_LIMIT: 'off',
  LOG_LEVEL: 'error',
  METRICS_PORT: 'off',
  DOCS: 'off',
});

function configOf(values: Readonly<Record<string, string>>, mailDirectory: string): AppConfig {
  const config = loadAppConfig(values);
  const { mail } = config;
  return mail.kind === 'files' ? { ...config, mail: { ...mail, directory: mailDirectory } } : config;
}

/**
 * Starts the whole service in this process, on the loopback, with a Postgres of its own that is gone afterwards.
 * @throws ConfigError where `env` makes no configuration
 */
export async function startTestkit({ port, accounts = [], env = {} }: TestkitOptions = {}): Promise<Testkit> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'gatehouse-testkit-'));
  const ends: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const listensOn = port ?? (await freePort(HOST));
    const url = `http://${HOST}:${listensOn}`;
    const postgres = await startThrowawayPostgres(folder);
    ends.push(() => postgres.stop());
    const mailDirectory = path.join(folder, 'mail');
    const config = configOf({ ...environment(postgres.url, url), ...env }, mailDirectory);
    await migrateDatabase(config, () => undefined);
    const clock = new SetClock();
    const refreshAnswers = new RefreshAnswers();
    const app = await createApp({ config, clock });
    ends.push(() => app.close());
    refreshAnswers.watch(app.getHttpAdapter().getInstance());
    await app.listen(listensOn, HOST);
    const add = (account: TestAccount): Promise<string> => addAccount(app, account);
    for (const account of accounts) await add(account);
    const admin = { email: env.ADMIN_EMAIL ?? ADMIN.email, password: env.ADMIN_PASSWORD ?? ADMIN.password };
    return { url, admin, clock, mailbox: new Mailbox(mailDirectory), refreshAnswers, addAccount: add, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
