import { Cleanup } from '../../src/cleanup/cleanup.js';
import { createTestDatabase, onServer } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import type { PgBouncer } from '../support/pgbouncer.js';
import { randomSecret, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

describe('the cleanup of two instances behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let bouncer: PgBouncer;
  let instances: TestApp[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    bouncer = await startPgBouncer(database.url);
    const env = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret(), DATABASE_POOLER: 'transaction' };
    for (let each = 0; each < 2; each += 1)
      instances.push(await startTestApp({ database: { ...database, url: bouncer.url }, env }));
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.close()));
    instances = [];
    await bouncer.stop();
    await database.drop();
  });

  it('deletes each row once, and leaves no lock behind on any of its connections', async () => {
    await onServer(
      (query) =>
        query(
          `INSERT INTO revocations (kind, subject, expires_at)
           SELECT 'token', n::text, now() - interval '1 second' FROM generate_series(1, 5000) n`,
        ),
      database.url,
    );
    const cleanups = instances.map(({ app }) => app.get(Cleanup, { strict: false }));
    let deleted = 0;
    for (let round = 0; round < 20 && deleted < 5_000; round += 1) {
      const cleaned = await Promise.all(cleanups.map((cleanup) => cleanup.run()));
      deleted += cleaned.reduce((sum, { revocations = 0 }) => sum + revocations, 0);
    }
    const [left] = await onServer((query) => query('SELECT count(*) AS count FROM revocations'), database.url);
    expect([deleted, left]).toEqual([5_000, { count: '0' }]);
    const held = `SELECT count(*) AS count FROM pg_locks JOIN pg_database ON pg_database.oid = database
                  WHERE locktype = 'advisory' AND datname = current_database()`;
    expect(await onServer((query) => query(held), database.url)).toEqual([{ count: '0' }]);
  });
});
