import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { prepared } from '../src/database/prepared-statements.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';

const ONE = prepared('SELECT $1::int + 1 AS sum');
const ALL = prepared('SELECT * FROM changing WHERE id = $1');

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function withOneConnection(
  pooler: 'session' | 'transaction',
  use: (source: DataSource) => Promise<void>,
): Promise<void> {
  const source = new DataSource({
    ...dataSourceOptions({ url: database.url, purpose: 'requests', pooler, poolSize: 1 }),
  });
  await source.initialize();
  try {
    await use(source);
  } finally {
    await source.destroy();
  }
}

const kept = (source: DataSource): Promise<unknown> =>
  source.query('SELECT statement FROM pg_prepared_statements ORDER BY statement');

describe('a prepared statement', () => {
  it('is planned once a connection, in and out of transactions, and no other statement is', () =>
    withOneConnection('session', async (source) => {
      expect(await source.query(ONE, [1])).toEqual([{ sum: 2 }]);
      await source.transaction(async (tx) => {
        expect(await tx.query(ONE, [2])).toEqual([{ sum: 3 }]);
      });
      await source.query('SELECT $1::int AS other', [1]);
      expect(await kept(source)).toEqual([{ statement: ONE }]);
    }));

  it('is one like any other behind a pooler that hands the connection on', () =>
    withOneConnection('transaction', async (source) => {
      expect(await source.query(ONE, [1])).toEqual([{ sum: 2 }]);
      expect(await kept(source)).toEqual([]);
    }));

  it('fails at most once a connection where its columns have changed', () =>
    withOneConnection('session', async (source) => {
      await source.query('CREATE TABLE changing (id integer, value integer)');
      await source.query('INSERT INTO changing VALUES (1, 7)');
      expect(await source.query(ALL, [1])).toEqual([{ id: 1, value: 7 }]);
      await source.query('ALTER TABLE changing ALTER COLUMN value TYPE text');
      await expect(source.query(ALL, [1])).rejects.toThrow('cached plan must not change result type');
      expect(await source.query(ALL, [1])).toEqual([{ id: 1, value: '7' }]);
    }));
});
