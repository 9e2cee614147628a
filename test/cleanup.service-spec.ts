import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { entities } from '../ormconfig.js';
import { CLEANUP_LOCK, CleanupBatches } from '../src/cleanup/cleanup-batches.js';
import { CleanupLag } from '../src/cleanup/cleanup-lag.js';
import { Cleanup } from '../src/cleanup/cleanup.js';
import type { ExpiredRows } from '../src/cleanup/expired-rows.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { Metrics } from '../src/observability/metrics.js';
import { EXPIRED_REVOCATIONS } from '../src/tokens/revocation/expired-revocations.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { proxyTo } from './support/tcp-proxy.js';
import { TestClock } from './support/test-clock.js';

const WHAT = EXPIRED_REVOCATIONS.what;
const clock = new TestClock();

let database: TestDatabase;
const sources: DataSource[] = [];

async function connect(url: string): Promise<DataSource> {
  const source = new DataSource({ ...dataSourceOptions({ url, purpose: 'requests', poolSize: 2 }), entities });
  sources.push(source);
  return source.initialize();
}

interface Instance {
  readonly cleanup: Cleanup;
  readonly dataSource: DataSource;
  readonly lag: () => Promise<number | undefined>;
  readonly counted: () => Promise<number | undefined>;
}

/** The cleanup of one instance, with connections of its own. */
async function startInstance(kind: ExpiredRows = EXPIRED_REVOCATIONS, url = database.url): Promise<Instance> {
  const [dataSource, metrics] = [await connect(url), new Metrics()];
  const [batches, lag] = [new CleanupBatches(dataSource, metrics), new CleanupLag(dataSource, metrics)];
  const cleanup = new Cleanup(batches, lag, clock, metrics);
  cleanup.register(kind);
  const read = async (metric: Pick<Metrics['cleanupLag'], 'get'>): Promise<number | undefined> =>
    (await metric.get()).values.find(({ labels }) => labels.what === WHAT)?.value;
  return {
    cleanup,
    dataSource,
    lag: () => read(metrics.cleanupLag),
    counted: () => read(metrics.cleanupDeleted),
  };
}

/** The same kind, with something that happens around its batches. */
const around = (deleteBatch: ExpiredRows['deleteBatch'], atMost = EXPIRED_REVOCATIONS.atMost): ExpiredRows => ({
  ...EXPIRED_REVOCATIONS,
  atMost,
  deleteBatch,
});

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  await Promise.all(sources.splice(0).map((source) => source.destroy()));
  await onServer((query) => query('TRUNCATE revocations'), database.url);
});
afterAll(() => database.drop());

const insert = (count: number, expired = '1 second'): Promise<unknown> =>
  onServer(
    (query) =>
      query(
        `INSERT INTO revocations (kind, subject, expires_at)
         SELECT 'token', n::text, now() - $1::interval FROM generate_series(1, $2::integer) n`,
        [expired, count],
      ),
    database.url,
  );
const left = async (): Promise<number> => {
  const [counted] = await onServer((query) => query('SELECT count(*) AS count FROM revocations'), database.url);
  return Number(counted?.count);
};

describe('the cleanup', () => {
  it('deletes ten thousand rows in batches of a thousand at most, each a transaction of its own, and nothing else', async () => {
    const sizes: number[] = [];
    const transactions = new Set<string>();
    const kind = around(async (tx, order) => {
      const [current] = await tx.query<{ id: string }[]>('SELECT pg_current_xact_id()::text AS id');
      transactions.add(current?.id ?? '');
      const batch = await EXPIRED_REVOCATIONS.deleteBatch(tx, order);
      sizes.push(batch.deleted);
      return batch;
    });
    const { cleanup, counted } = await startInstance(kind);
    await insert(10_000);
    await insert(3, '-1 hour');
    // A machine that is busy may need more rounds than one.
    for (let round = 0; round < 20 && (await left()) > 3; round += 1) await cleanup.run();
    expect([await left(), await counted()]).toEqual([3, 10_000]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
    expect(transactions.size).toBe(sizes.length);
    expect(sizes.length).toBeGreaterThanOrEqual(10);
  });

  it('passes over rows that somebody has locked, tells that they are due, and deletes them later', async () => {
    const { cleanup, lag } = await startInstance();
    await insert(1_500, '100 seconds');
    await onServer(async (query) => {
      await query('BEGIN');
      await query('SELECT FROM revocations ORDER BY id LIMIT 10 FOR UPDATE');
      expect(await cleanup.run()).toEqual({ [WHAT]: 1_490 });
      expect(await lag()).toBeGreaterThanOrEqual(100);
      await query('ROLLBACK');
    }, database.url);
    expect(await cleanup.run()).toEqual({ [WHAT]: 10 });
    expect([await left(), await lag()]).toEqual([0, 0]);
  });

  it('leaves the work to another instance that is at it', async () => {
    const { cleanup, lag } = await startInstance();
    await insert(10, '100 seconds');
    await onServer(async (query) => {
      await query('BEGIN');
      await query('SELECT pg_advisory_xact_lock($1)', [CLEANUP_LOCK]);
      expect(await cleanup.run()).toEqual({ [WHAT]: 0 });
      expect(await lag()).toBeGreaterThanOrEqual(100);
      await query('COMMIT');
    }, database.url);
    expect(await cleanup.run()).toEqual({ [WHAT]: 10 });
  });

  it('never does the work of another instance: one batch at a time, each row once', async () => {
    let [underWay, most] = [0, 0];
    const kind = around(async (tx, order) => {
      most = Math.max(most, ++underWay);
      const batch = await EXPIRED_REVOCATIONS.deleteBatch(tx, order);
      underWay -= 1;
      return batch;
    }, 200);
    const instances = await Promise.all([1, 2, 3].map(() => startInstance(kind)));
    await insert(10_000);
    let deleted = 0;
    for (let round = 0; round < 50 && (await left()) > 0; round += 1) {
      const cleaned = await Promise.all(instances.map(({ cleanup }) => cleanup.run()));
      deleted += cleaned.reduce((sum, { [WHAT]: count = 0 }) => sum + count, 0);
    }
    expect([deleted, await left(), most]).toEqual([10_000, 0, 1]);
  });

  it('undoes a batch whose connection is killed in the middle, and goes on in the next round', async () => {
    let killed = false;
    const kind = around(async (tx, order) => {
      const batch = await EXPIRED_REVOCATIONS.deleteBatch(tx, order);
      if (!killed) {
        killed = true;
        await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      }
      return batch;
    });
    const { cleanup } = await startInstance(kind);
    for (const level of ['warn', 'log'] as const) jest.spyOn(Logger.prototype, level).mockImplementation();
    await insert(500);
    expect(await cleanup.run()).toEqual({});
    expect([killed, await left()]).toEqual([true, 500]);
    expect(await cleanup.run()).toEqual({ [WHAT]: 500 });
  });

  it('goes on by itself once Postgres is back, says so once, and tells meanwhile that it falls behind', async () => {
    const wire = await proxyTo(database.url);
    try {
      const { cleanup, lag } = await startInstance(EXPIRED_REVOCATIONS, wire.url);
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
      const log = jest.spyOn(Logger.prototype, 'log').mockImplementation();
      await insert(10);
      expect(await cleanup.run()).toEqual({ [WHAT]: 10 });
      await wire.cut();
      await insert(20);
      expect([await cleanup.run(), await cleanup.run()]).toEqual([{}, {}]);
      clock.advance(60);
      await cleanup.run();
      expect(await lag()).toBeGreaterThanOrEqual(60);
      expect(warn.mock.calls).toEqual([[expect.stringContaining('could not be deleted')]]);
      await wire.mend();
      expect(await cleanup.run()).toEqual({ [WHAT]: 20 });
      expect(await lag()).toBe(0);
      expect(log.mock.calls).toEqual([['Expired rows are deleted again.']]);
    } finally {
      await wire.close();
    }
  });

  it('goes on with the other kinds where one fails', async () => {
    const broken: ExpiredRows = { ...around(() => Promise.reject(new Error('no such table'))), what: 'broken' };
    const { cleanup } = await startInstance(broken);
    cleanup.register(EXPIRED_REVOCATIONS);
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    await insert(10);
    expect(await cleanup.run()).toEqual({ [WHAT]: 10 });
  });

  it('takes fewer rows where a batch took long', async () => {
    const limits: number[] = [];
    const slow = around(async (tx, order) => {
      limits.push(order.limit);
      if (limits.length <= 2) await tx.query('SELECT pg_sleep(0.12)');
      return EXPIRED_REVOCATIONS.deleteBatch(tx, order);
    });
    const { cleanup } = await startInstance(slow);
    await insert(1_900);
    await cleanup.run();
    expect(limits.slice(0, 3)).toEqual([1_000, 500, 250]);
  });

  it('ends a round after fifty batches, so that each kind has its turn', async () => {
    const { cleanup } = await startInstance(around((tx, order) => EXPIRED_REVOCATIONS.deleteBatch(tx, order), 5));
    await insert(310);
    expect(await cleanup.run()).toEqual({ [WHAT]: 250 });
    expect(await cleanup.run()).toEqual({ [WHAT]: 60 });
  });

  it('stops at a shutdown after the batch that is under way, and begins no other', async () => {
    let stopped: Promise<void> | undefined;
    const kind = around((tx, order) => {
      stopped ??= cleanup.beforeApplicationShutdown();
      return EXPIRED_REVOCATIONS.deleteBatch(tx, order);
    });
    const { cleanup } = await startInstance(kind);
    await insert(5_000);
    expect(await cleanup.run()).toEqual({ [WHAT]: 1_000 });
    await stopped;
    expect([await left(), await cleanup.run()]).toEqual([4_000, {}]);
  });
});

describe('the rounds of the cleanup', () => {
  const stopTime = (): void => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'Date'] });
  };

  it('begin within half a minute to one and a half, never all at once, and end with the service', async () => {
    const { cleanup } = await startInstance();
    stopTime();
    const run = jest.spyOn(cleanup, 'run').mockResolvedValue({});
    cleanup.onApplicationBootstrap();
    jest.advanceTimersByTime(29_999);
    expect(run).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(60_001);
    expect(run).toHaveBeenCalled();
    const rounds = run.mock.calls.length;
    await cleanup.beforeApplicationShutdown();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(run).toHaveBeenCalledTimes(rounds);
  });

  it('begin anew within seconds where one has left something', async () => {
    const { cleanup } = await startInstance(around((tx, order) => EXPIRED_REVOCATIONS.deleteBatch(tx, order), 5));
    await insert(310);
    const run = jest.spyOn(cleanup, 'run');
    const roundOf = async (from: number, to: number): Promise<unknown> => {
      const before = run.mock.results.length;
      jest.advanceTimersByTime(from);
      expect(run).toHaveBeenCalledTimes(before);
      jest.advanceTimersByTime(to - from);
      expect(run).toHaveBeenCalledTimes(before + 1);
      const cleaned: unknown = await run.mock.results[before]?.value;
      await setImmediate();
      return cleaned;
    };
    stopTime();
    cleanup.onApplicationBootstrap();
    expect(await roundOf(29_999, 90_000)).toEqual({ [WHAT]: 250 });
    expect(await roundOf(999, 3_000)).toEqual({ [WHAT]: 60 });
    expect(await roundOf(29_999, 90_000)).toEqual({ [WHAT]: 0 });
    await cleanup.beforeApplicationShutdown();
  });
});
