import type { Client } from 'pg';
import { Cleanup } from '../../src/cleanup/cleanup.js';
import { Measured } from '../../test/support/measured.js';
import { connected } from '../bench-database.js';
import type { Call } from '../calls.js';
import { takeSamples } from '../samples.js';
import type { ServiceUnderTest } from '../service-under-test.js';
import { SHARE_PASSWORD } from '../service-under-test.js';
import { workSince, workSoFar } from './postgres-at-work.js';
import type { Work } from './postgres-at-work.js';
import { refreshAll, withConnections } from './refreshes.js';
import type { RefreshRun } from './refreshes.js';

const POOL = 10;
const OFTEN = 15;
/** Statistics reach their table a second after the last statement, or so. */
const STATISTICS_MS = 3_000;

/** Ids of live sessions from all over the table, in no order. */
export async function liveIds(client: Client, sessions: number, wanted: number): Promise<readonly string[]> {
  const percent = Math.min(100, (800 * wanted) / sessions);
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM sessions TABLESAMPLE SYSTEM (${percent}) WHERE revoked_at IS NULL AND absolute_expires_at > now()
     ORDER BY random() LIMIT $1`,
    [wanted],
  );
  return Array.from({ length: wanted }, (_, at) => rows[at % rows.length]?.id ?? '');
}

export interface MeasuredRefreshes extends RefreshRun {
  readonly atOnce: number;
  readonly count: number;
  readonly work: Work;
}

export async function measureRefreshes(
  url: string,
  ids: readonly string[],
  atOnce: number,
): Promise<MeasuredRefreshes> {
  return connected(url, (client) =>
    withConnections(url, POOL, async (dataSource) => {
      const before = await workSoFar(client);
      const run = await refreshAll(dataSource, ids, atOnce);
      await new Promise((resolve) => setTimeout(resolve, STATISTICS_MS));
      return { ...run, atOnce, count: ids.length, work: workSince(before, await workSoFar(client)) };
    }),
  );
}

export interface TimedCall {
  readonly name: string;
  readonly times: Measured;
}

const calls = (of: Awaited<ReturnType<typeof takeSamples>>): readonly (Call & { readonly name: string })[] => {
  const list = (name: string, query: string): Call & { readonly name: string } => ({
    name,
    method: 'GET',
    url: `/api/admin/sessions?${query}`,
    as: 'admin',
  });
  const filter = (values: Record<string, string>): string => new URLSearchParams(values).toString();
  return [
    { name: "a user's own sessions", method: 'GET', url: '/api/me/sessions', as: 'owner' },
    list("admin's list: newest", ''),
    list("admin's list: active", filter({ active: 'true' })),
    list("admin's list: of a user", filter({ userId: of.busyUser })),
    list("admin's list: of an office's address", filter({ ip: of.officeIp, active: 'true' })),
    list("admin's list: of a /24", filter({ ip: '10.20.30.0/24' })),
    list("admin's list: of a user agent", filter({ userAgent: 'ExampleApp/77' })),
    list("admin's list: of the last hour", filter({ createdAfter: of.hourAgo })),
    {
      name: 'dry run of a bulk revocation by address',
      method: 'POST',
      url: '/api/admin/sessions/revoke',
      json: { ip: of.officeIp, dryRun: true },
      as: 'admin',
    },
  ];
};

/** What the whole service takes for the calls that look through sessions. */
export async function measureCalls(
  service: ServiceUnderTest,
  url: string,
  nowMs: number,
): Promise<readonly TimedCall[]> {
  const samples = await connected(url, async (client) => {
    const found = await takeSamples(client, nowMs);
    await client.query(SHARE_PASSWORD, [found.busyEmail]);
    return found;
  });
  await service.signIn(samples.busyEmail);
  const timed: TimedCall[] = [];
  for (const call of calls(samples)) {
    const times = new Measured(call.name);
    for (let turn = 0; turn < OFTEN; turn += 1) {
      const began = performance.now();
      const { status, text } = await service.call(call);
      times.add(performance.now() - began);
      if (status !== 200) throw new Error(`${call.name}: ${status} ${text}`);
    }
    timed.push({ name: call.name, times });
  }
  return timed;
}

export interface MeasuredCleanup {
  readonly sessions: number;
  readonly seconds: number;
  /** Of refreshes meanwhile, two at once. */
  readonly refreshes: Measured;
}

/** One round of the cleanup beside refreshes. */
export async function measureCleanup(
  service: ServiceUnderTest,
  url: string,
  ids: readonly string[],
): Promise<MeasuredCleanup> {
  return withConnections(url, POOL, async (dataSource) => {
    const round = async (): Promise<{ readonly sessions: number; readonly seconds: number }> => {
      const began = performance.now();
      const { sessions_expired: expired = 0, sessions_revoked: revoked = 0 } = await service.get(Cleanup).run();
      return { sessions: expired + revoked, seconds: (performance.now() - began) / 1000 };
    };
    const [{ times }, cleaned] = await Promise.all([refreshAll(dataSource, ids, 2), round()]);
    return { ...cleaned, refreshes: times };
  });
}
