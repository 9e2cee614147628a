import { Logger, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { DataSource } from 'typeorm';
import { entities } from '../ormconfig.js';
import { AppConfig } from '../src/config/app-config.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { DatabaseModule } from '../src/database/database.module.js';
import { PoolConnections } from '../src/database/pool-connections.js';
import { waitUntil } from '../src/database/embedded/postmaster.js';
import { Secret } from '../src/shared/secret.js';
import { createTestDatabase, onServer, type TestDatabase } from './support/database.js';
import { proxyTo, type TcpProxy } from './support/tcp-proxy.js';

describe('connections to the database', () => {
  let database: TestDatabase;
  let source: DataSource;
  let lost: string[];

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  beforeEach(async () => {
    lost = [];
    const onConnectionLost = ({ message }: Error): void => void lost.push(message);
    source = new DataSource({
      ...dataSourceOptions({ url: database.url, purpose: 'requests', poolSize: 2, onConnectionLost }),
      entities,
    });
    await source.initialize();
  });
  afterEach(() => source.destroy());

  const endAll = (): Promise<unknown> =>
    onServer(
      (query) =>
        query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()`),
      database.url,
    );

  it('bounds every statement, wait for a lock and open transaction, and says who connects', async () => {
    const settings: unknown = await source.query(
      `SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', 'application_name',
         'idle_in_transaction_session_timeout') ORDER BY name`,
    );
    expect(settings).toEqual([
      { name: 'application_name', setting: 'gatehouse' },
      { name: 'idle_in_transaction_session_timeout', setting: '15000' },
      { name: 'lock_timeout', setting: '5000' },
      { name: 'statement_timeout', setting: '10000' },
    ]);
  });

  it('replaces an idle connection that the server ended, and lives on', async () => {
    await source.query('SELECT 1');
    await endAll();
    await expect(waitUntil(() => lost.length > 0, 5_000)).resolves.toBe(true);
    await expect(source.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
  });

  it('fails the transaction whose connection the server ended, and gives the next one a new connection', async () => {
    const transaction = source.transaction(async (tx) => {
      await tx.query('SELECT 1');
      await endAll();
      await tx.query('SELECT 2');
    });
    await expect(transaction).rejects.toThrow(/terminat|already released/);
    await expect(source.transaction((tx) => tx.query('SELECT 1 AS one'))).resolves.toEqual([{ one: 1 }]);
  });

  describe('to a server that takes questions and does not answer', () => {
    let wire: TcpProxy;
    let connections: PoolConnections;
    let pool: DataSource;

    beforeEach(async () => {
      wire = await proxyTo(database.url);
      connections = new PoolConnections();
      const options = dataSourceOptions({ url: wire.url, purpose: 'requests', poolSize: 2, connections });
      pool = await new DataSource(options).initialize();
    });
    afterEach(async () => {
      await wire.close();
      await pool.destroy();
    });

    it('are stuck once the same answer has not come between two looks, one that has yet to connect too', async () => {
      await pool.query('SELECT 1');
      expect([connections.look(), connections.look()]).toEqual([0, 0]);
      wire.freeze();
      const asked = Promise.allSettled([pool.query('SELECT 2'), pool.query('SELECT 3')]);
      await new Promise(setImmediate);
      expect([connections.look(), connections.look()]).toEqual([0, 2]);
      await wire.mend();
      await asked;
      await expect(pool.query('SELECT 4 AS n')).resolves.toEqual([{ n: 4 }]);
      expect([connections.look(), connections.look()]).toEqual([0, 0]);
    });

    it('fail at once when they are cut, and so does each that is begun then', async () => {
      wire.freeze();
      const asked = expect(pool.query('SELECT 1')).rejects.toThrow('Connection terminated');
      await new Promise(setImmediate);
      const cutMs = performance.now();
      connections.cut();
      await asked;
      await wire.mend();
      await expect(pool.query('SELECT 2')).rejects.toThrow('Connection terminated');
      await expect(pool.transaction(() => Promise.resolve())).rejects.toThrow('Connection terminated');
      expect(performance.now() - cutMs).toBeLessThan(1_000);
    });
  });

  describe('whose answer does not come', () => {
    const ANSWER_WITHIN_MS = 300;
    let wire: TcpProxy;
    let cut: DataSource;

    beforeEach(async () => {
      wire = await proxyTo(database.url);
      const options = dataSourceOptions({ url: wire.url, purpose: 'requests', poolSize: 1 });
      cut = new DataSource({ ...options, extra: { ...options.extra, query_timeout: ANSWER_WITHIN_MS } });
      await cut.initialize();
    });
    afterEach(async () => {
      await wire.close();
      await cut.destroy();
    });

    const backend = (): Promise<unknown> => cut.query('SELECT pg_backend_pid() AS pid');

    it('is not used again: the next question does not stand behind the one that was given up', async () => {
      const before = await backend();
      const slow = cut.query('SELECT pg_sleep(5)');
      await expect(slow).rejects.toThrow('Query read timeout');
      const askedMs = performance.now();
      const after = await backend();
      expect(performance.now() - askedMs).toBeLessThan(ANSWER_WITHIN_MS);
      expect(after).not.toEqual(before);
    });

    it('does not hold up the end of its transaction', async () => {
      const beganMs = performance.now();
      await expect(
        cut.transaction(async (tx) => {
          await tx.query('SELECT 1');
          wire.freeze();
          await tx.query('SELECT 2');
        }),
      ).rejects.toThrow();
      // One answer was waited for, and not that of a ROLLBACK too.
      expect(performance.now() - beganMs).toBeLessThan(2 * ANSWER_WITHIN_MS);
      await wire.mend();
      await expect(cut.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    });

    it('keeps the connection where Postgres itself gave the statement up', async () => {
      const before = await backend();
      await expect(
        cut.transaction(async (tx) => {
          await tx.query(`SET LOCAL statement_timeout = '50ms'`);
          await tx.query('SELECT pg_sleep(5)');
        }),
      ).rejects.toThrow('statement timeout');
      expect(await backend()).toEqual(before);
    });
  });

  it('of migrations has bounds as well, though long ones', async () => {
    const migrating = await new DataSource(
      dataSourceOptions({ url: database.url, purpose: 'migrations' }),
    ).initialize();
    try {
      const settings: unknown = await migrating.query(
        `SELECT name, setting::int / 1000 AS seconds FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout',
           'idle_in_transaction_session_timeout') ORDER BY name`,
      );
      expect(settings).toEqual([
        { name: 'idle_in_transaction_session_timeout', seconds: 21_600 },
        { name: 'lock_timeout', seconds: 10 },
        { name: 'statement_timeout', seconds: 7_200 },
      ]);
    } finally {
      await migrating.destroy();
    }
  });

  it('refuses a query without a value for its condition instead of dropping the condition', async () => {
    const [entity] = entities;
    if (entity === undefined) throw new Error('there is an entity');
    await expect(source.getRepository(entity).findOneBy({ id: undefined as never })).rejects.toThrow();
  });

  describe('of the application', () => {
    const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };

    const build = (
      url: string,
      connect: 'at-start' | 'never',
      pooler: 'session' | 'transaction' = 'session',
    ): Promise<TestingModule> => {
      @Module({})
      class Configuration {}
      const configuration = {
        module: Configuration,
        global: true,
        providers: [{ provide: AppConfig, useValue: { database: { url: new Secret(url), poolSize: 3, pooler } } }],
        exports: [AppConfig],
      };
      const imports = [configuration, DatabaseModule.forRoot({ entities, connect })];
      return Test.createTestingModule({ imports }).setLogger(silent).compile();
    };

    it('behind a pooler of transactions, are said to have no bounds where their role has none', async () => {
      const said: string[] = [];
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void said.push(line));
      const own = await createTestDatabase('empty');
      const { username, pathname } = new URL(own.url);
      const alter = (setting: string): Promise<unknown> =>
        onServer((query) => query(`ALTER ROLE ${username} IN DATABASE ${pathname.slice(1)} SET ${setting}`));
      const saidAtStart = async (): Promise<string[]> => {
        said.length = 0;
        const app = await build(own.url, 'at-start', 'transaction');
        await app.init();
        await app.close();
        return [...said];
      };
      try {
        expect(await saidAtStart()).toEqual([
          expect.stringMatching(/nothing bounds idle_in_transaction_session_timeout, lock_timeout, statement_timeout:/),
        ]);
        await alter(`statement_timeout = '10s'`);
        await alter(`lock_timeout = '5s'`);
        expect(await saidAtStart()).toEqual([
          expect.stringMatching(/nothing bounds idle_in_transaction_session_timeout:/),
        ]);
        await alter(`idle_in_transaction_session_timeout = '15s'`);
        expect(await saidAtStart()).toEqual([]);
      } finally {
        warn.mockRestore();
        await own.drop();
      }
    });

    it('open at the start and close at its end', async () => {
      const app = await build(database.url, 'at-start');
      const pool = app.get(DataSource);
      await expect(pool.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
      await app.close();
      expect(pool.isInitialized).toBe(false);
    });

    it('stop the start at once where the database cannot be reached', async () => {
      await expect(build('postgres://nobody@127.0.0.1:1/nothing', 'at-start')).rejects.toThrow('ECONNREFUSED');
    });

    it('are not needed to build its modules alone', async () => {
      const app = await build('postgres://nobody@127.0.0.1:1/nothing', 'never');
      expect(app.get(DataSource).isInitialized).toBe(false);
      await app.close();
    });
  });
});
