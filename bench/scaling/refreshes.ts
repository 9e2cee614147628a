import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { SystemClock, addSeconds } from '../../src/shared/clock.js';
import { asSessionId } from '../../src/shared/ids.js';
import { advanceRow, readRefreshRow } from '../../src/tokens/sessions/refresh-row.js';
import { Measured } from '../../test/support/measured.js';

const WEEK_SECONDS = 7 * 24 * 60 * 60;
const clock = new SystemClock();

/** Connections as an instance has them. */
export async function withConnections<Result>(
  url: string,
  poolSize: number,
  use: (dataSource: DataSource) => Promise<Result>,
): Promise<Result> {
  const dataSource = await new DataSource(dataSourceOptions({ url, purpose: 'requests', poolSize })).initialize();
  try {
    return await use(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/** The two statements of a refresh, as the service sends them, without what else a request takes. */
async function refresh(dataSource: DataSource, id: string): Promise<void> {
  const now = clock.now();
  const session = await readRefreshRow(dataSource, asSessionId(id));
  if (!session) throw new Error(`no session ${id}`);
  const next = {
    generation: session.generation + 1,
    secretId: 'secret02',
    idleExpiresAt: addSeconds(now, WEEK_SECONDS),
    idempotencyKeyHash: randomBytes(32),
    ip: '198.51.100.7',
    userAgent: session.lastUserAgent,
  };
  if (!(await advanceRow(dataSource, session, next, now))) throw new Error(`${id} was not advanced`);
}

export interface RefreshRun {
  readonly times: Measured;
  readonly perSecond: number;
}

/** Refreshes all of these, so many at once. */
export async function refreshAll(dataSource: DataSource, ids: readonly string[], atOnce: number): Promise<RefreshRun> {
  const times = new Measured('refresh');
  const left = [...ids];
  const began = performance.now();
  const inTurn = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const started = performance.now();
      await refresh(dataSource, id);
      times.add(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, inTurn));
  return { times, perSecond: (ids.length * 1000) / (performance.now() - began) };
}
