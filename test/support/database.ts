import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** One database on the tests' Postgres, for one file of tests or less. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

type Query = (text: string, values?: unknown[]) => Promise<Record<string, string>[]>;

const fromSetup = (name: 'GATEHOUSE_TEST_SERVER' | 'GATEHOUSE_TEST_PREFIX'): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: this test needs test/global-setup.ts.`);
  return value;
};

export const templateName = (): string => `${fromSetup('GATEHOUSE_TEST_PREFIX')}_template`;

/** The address of another database of the tests' server. */
export function databaseUrl(name: string): string {
  const url = new URL(fromSetup('GATEHOUSE_TEST_SERVER'));
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs statements on one connection to a database, by default the one that the server was given with. */
export async function onServer<T>(
  action: (query: Query) => Promise<T>,
  url = fromSetup('GATEHOUSE_TEST_SERVER'),
): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await action(async (text, values) => (await client.query<Record<string, string>>(text, values)).rows);
  } finally {
    await client.end();
  }
}

/** Makes a database: with every migration applied, copied from a template in some 70 ms, or with nothing in it. */
export async function createTestDatabase(state: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const name = `${fromSetup('GATEHOUSE_TEST_PREFIX')}_${randomBytes(6).toString('hex')}`;
  const template = state === 'migrated' ? templateName() : 'template1';
  await onServer((query) => query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  return {
    url: databaseUrl(name),
    drop: async () => {
      await onServer((query) => query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}
