import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const ACCOUNTS = 20_000;
const SIGN_INS = 40;

const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

/** What the service has done with a statistic, all of it: its connections have closed. */
const during = async (count: string, use: (service: TestApp) => Promise<void>): Promise<number> => {
  const read = async (): Promise<number> =>
    Number((await onServer((query) => query(`SELECT coalesce((${count}), 0) AS of`), database.url))[0]?.of);
  const before = await read();
  const service = await startTestApp({ database, env: secrets });
  try {
    await use(service);
  } finally {
    await service.close();
  }
  return (await read()) - before;
};
const scansOf = (index: string): string => `SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '${index}'`;

describe('the accounts', () => {
  it('of a search, a role or a status are found by an index', async () => {
    await onServer(async (query) => {
      await query(
        `INSERT INTO users (id, email, name, roles, email_verified_at, disabled_at, created_at)
         SELECT gen_random_uuid(), 'user' || n || '@example.com', 'Somebody ' || n,
                CASE WHEN n % 1000 = 0 THEN '{support}'::text[] ELSE '{}' END, CASE WHEN n % 999 > 0 THEN now() END,
                CASE WHEN n % 998 = 0 THEN now() END, now()
         FROM generate_series(1, $1::integer) AS n`,
        [ACCOUNTS],
      );
      await query('VACUUM ANALYZE users');
    }, database.url);
    const cases = [
      ['search=user777 somebody', 'users_by_words', 11],
      // What no account has: the one that looking at them by id takes longest for.
      ['search=zzz&limit=1', 'users_by_words', 0],
      ['role=support', 'users_by_role', 20],
      ['status=unverified', 'users_unverified', 20],
      ['status=disabled', 'users_disabled', 20],
    ] as const;
    for (const [query, index, count] of cases) {
      const scans = await during(scansOf(index), async ({ api }) => {
        const { accessToken } = await api.signIn(ADMIN);
        const answer = await api.get<{ items: unknown[] }>(`/api/admin/users?${query}`, accessToken);
        expect([query, answer.body.items.length]).toEqual([query, count]);
      });
      expect({ index, used: scans > 0 }).toEqual({ index, used: true });
    }
  });

  it('are rewritten in place by sign-ins: no index has what these change', async () => {
    const updates = (column: string): string => `SELECT ${column} FROM pg_stat_user_tables WHERE relname = 'users'`;
    let all = 0;
    const inPlace = await during(updates('n_tup_hot_upd'), async ({ api }) => {
      all += SIGN_INS;
      for (let count = 0; count < SIGN_INS; count += 1) await api.signIn(ADMIN);
    });
    expect(inPlace).toBeGreaterThanOrEqual(all * 0.95);
  });
});
