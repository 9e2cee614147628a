import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { Chance, chaosSeed } from '../support/chance.js';
import { createTestDatabase, onServer } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { Fleet } from '../support/fleet.js';
import { startPgBouncer } from '../support/pgbouncer.js';
import type { PgBouncer } from '../support/pgbouncer.js';
import { measurePropagation, verdictOn } from '../support/propagation.js';
import { ADMIN } from '../support/test-app.js';

jest.setTimeout(60_000);

const WITHIN_MS = 1_000;
const SESSIONS_AT_ONCE = 8;

describe('behind PgBouncer in transaction mode', () => {
  let database: TestDatabase;
  let bouncer: PgBouncer;
  let fleet: Fleet | undefined;

  beforeAll(async () => {
    database = await createTestDatabase('empty');
    // As the README has it for a role of one's own.
    const { username, pathname } = new URL(database.url);
    const role = `ALTER ROLE ${username} IN DATABASE ${pathname.slice(1)}`;
    await onServer((query) => query(`${role} SET statement_timeout = '10s'`));
    bouncer = await startPgBouncer(database.url);
  });
  afterAll(async () => {
    await fleet?.end();
    await bouncer.stop();
    await database.drop();
  });

  it('a connection that asks for limits is refused; one of DATABASE_POOLER=transaction has those of its role', async () => {
    const asking = new DataSource(dataSourceOptions({ url: bouncer.url, purpose: 'requests' }));
    await expect(asking.initialize()).rejects.toThrow(/unsupported startup parameter/);
    const pooled = new DataSource(dataSourceOptions({ url: bouncer.url, purpose: 'requests', pooler: 'transaction' }));
    await pooled.initialize();
    await expect(pooled.query('SHOW statement_timeout')).resolves.toEqual([{ statement_timeout: '10s' }]);
    await pooled.destroy();
  });

  it('the service migrates past it, then signs in, refreshes and revokes through it', async () => {
    fleet = await Fleet.start(2, {
      DATABASE_URL: bouncer.url,
      DATABASE_POOLER: 'transaction',
      MIGRATE_DATABASE_URL: database.url,
    });
    const [one, two] = [fleet.at(0), fleet.at(1)];
    const sessions = [];
    for (let each = 0; each < SESSIONS_AT_ONCE; each += 1) sessions.push(await one.api.signIn(ADMIN));
    // More at once than PgBouncer has connections: each transaction gets another one.
    await Promise.all(
      sessions.map(async (session) => {
        let tokens = session;
        for (let step = 0; step < 10; step += 1) {
          const answer = await (step % 2 ? one : two).api.refresh(tokens.refreshToken);
          expect(answer.status).toBe(200);
          tokens = answer.body;
        }
        expect(await verdictOn(two, tokens.accessToken)).toBe('granted');
        expect((await one.api.post('/api/logout', {}, tokens.accessToken)).status).toBe(204);
        expect(await verdictOn(one, tokens.accessToken)).toBe('token_revoked');
      }),
    );
    const registered = await two.api.newUser('reader@example.com');
    expect(await verdictOn(one, registered.accessToken)).toBe('granted');
    const rotated = await one.api.post('/api/admin/keys/rotate', { emergency: true }, await fleet.admin());
    expect(rotated.status).toBe(201);
  });

  it('a revocation is refused by the other process within a second, every time', async () => {
    if (!fleet) throw new Error('the fleet did not start');
    const measured = await measurePropagation(fleet, {
      what: 'two processes behind PgBouncer, polling',
      rounds: 20,
      chance: new Chance(chaosSeed()),
      pauseMs: 100,
    });
    expect(measured.max).toBeLessThanOrEqual(WITHIN_MS);
    expect((await fleet.at(1).api.get('/api/me', (await fleet.at(0).api.signIn(ADMIN)).accessToken)).status).toBe(200);
  });

  it('an instance migrates through it where no other address is given, and starts beside the others', async () => {
    if (!fleet) throw new Error('the fleet did not start');
    const third = await fleet.add({ MIGRATE_DATABASE_URL: '' });
    const fourth = await fleet.add({ MIGRATE_DATABASE_URL: '', MIGRATE: 'off' });
    const { accessToken } = await third.api.signIn(ADMIN);
    expect(await verdictOn(fourth, accessToken)).toBe('granted');
  });
});
