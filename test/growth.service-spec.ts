import { MailSender } from '../src/mail/mail-sender.js';
import { RevocationFeed } from '../src/tokens/revocation/revocation-feed.js';
import type { Tokens } from './support/api.js';
import { cleanUp } from './support/cleanup.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const SESSIONS = 4;
const REFRESHES = 200;
/** What is told to others, and what is recorded: each has its own end. */
const GROWING = new Set(['revocations', 'audit_unsealed', 'audit_seals']);

const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
let database: TestDatabase;
const start = (): Promise<TestApp> => startTestApp({ database, env: secrets });

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function rowCounts(service: TestApp): Promise<Record<string, number>> {
  // What a sign-in owes its owner is sent first.
  await service.app.get(MailSender, { strict: false }).drain();
  const tables = await service.sql<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`,
  );
  expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['sessions', 'users', 'revocations']));
  const counts: Record<string, number> = {};
  for (const { name } of tables.filter((table) => !GROWING.has(table.name))) {
    const [counted] = await service.sql<{ count: number }>(`SELECT count(*)::int AS count FROM "${name}"`);
    counts[name] = counted?.count ?? 0;
  }
  return counts;
}

/** The statistics of connections that have closed are all there. */
const updatesOf = async (table: string): Promise<{ all: number; inPlace: number }> => {
  const [stats] = await onServer(
    (query) =>
      query('SELECT n_tup_upd AS all, n_tup_hot_upd AS in_place FROM pg_stat_user_tables WHERE relname = $1', [table]),
    database.url,
  );
  return { all: Number(stats?.all), inPlace: Number(stats?.in_place) };
};

describe('the database', () => {
  it('does not grow with refreshes: no table has a row more after two hundred, and they rewrite theirs in place', async () => {
    const service = await start();
    try {
      let all: Tokens[] = [];
      for (let count = 0; count < SESSIONS; count += 1) all.push(await service.api.signIn(ADMIN));
      const before = await rowCounts(service);
      for (let round = 0; round < REFRESHES / SESSIONS; round += 1) {
        all = await Promise.all(
          all.map(async ({ refreshToken }) => {
            const answer = await service.api.refresh(refreshToken, { 'idempotency-key': `round-${round}` });
            expect(answer.status).toBe(200);
            return answer.body;
          }),
        );
      }
      expect(await rowCounts(service)).toEqual(before);
      expect(before.sessions).toBe(SESSIONS);
    } finally {
      await service.close();
    }
    const updates = await updatesOf('sessions');
    expect(updates.all).toBe(REFRESHES);
    expect(updates.inPlace).toBeGreaterThanOrEqual(REFRESHES * 0.95);
  });

  it('does not grow with honest repeats either, nor with refreshes that are refused as noise', async () => {
    const service = await start();
    try {
      const tokens = await service.api.signIn(ADMIN);
      expect((await service.api.refresh(tokens.refreshToken)).status).toBe(200);
      const counts = async () => [await rowCounts(service), await service.sql('SELECT count(*) FROM revocations')];
      const before = await counts();
      for (let repeat = 0; repeat < 20; repeat += 1) {
        expect((await service.api.refresh(tokens.refreshToken)).status).toBe(200);
        expect((await service.api.refresh(`${tokens.refreshToken.slice(0, -2)}AA`)).status).toBe(401);
      }
      expect(await counts()).toEqual(before);
    } finally {
      await service.close();
    }
  });
});

describe('the feed of revocations', () => {
  let service: TestApp;
  const insert = (subject: string, expires: string, count = 1): Promise<unknown> =>
    service.sql(
      `INSERT INTO revocations (kind, subject, expires_at)
       SELECT 'token', $1 || n, now() + $2::interval FROM generate_series(1, $3) n`,
      [subject, expires, count],
    );
  const left = async (): Promise<string[]> =>
    (await service.sql<{ subject: string }>('SELECT subject FROM revocations ORDER BY id')).map(
      ({ subject }) => subject,
    );

  beforeAll(async () => {
    service = await start();
  });
  afterAll(() => service.close());
  beforeEach(() => service.sql('DELETE FROM revocations'));

  it('is rid of what has expired by the service itself, and of nothing that has not', async () => {
    await insert('expired', '-1 second');
    await insert('live', '1 minute');
    expect(await cleanUp(service)).toMatchObject({ revocations: 1 });
    expect(await left()).toEqual(['live1']);
  });

  it('goes on being followed where rows are deleted from it', async () => {
    await insert('expired', '-1 second', 10);
    const feed = service.app.get(RevocationFeed, { strict: false });
    await feed.read();
    await cleanUp(service);
    const tokens = await service.api.signIn(ADMIN);
    await service.sql(
      `INSERT INTO revocations (kind, subject, expires_at) VALUES ('session', $1, now() + interval '70 min')`,
      [tokens.sessionId],
    );
    await feed.read();
    expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(401);
  });
});
