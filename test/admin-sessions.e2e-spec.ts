import { decodeJwt } from 'jose';
import { newId } from '../src/shared/ids.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { storeSession } from './support/stored-sessions.js';
import type { StoredSession } from './support/stored-sessions.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

interface Session {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
  readonly current: boolean;
}
interface Page {
  readonly items: readonly Session[];
  readonly nextCursor: string | null;
}

const PASSWORD = 'seven quiet otters juggling';
const LIST = '/api/admin/sessions';
const HOUR = 3_600;

let service: TestApp;
let admin: Tokens;
let users = 0;

beforeAll(async () => {
  service = await startTestApp();
  admin = await service.api.signIn(ADMIN);
});
afterAll(() => service.close());

const subjectOf = ({ accessToken }: Tokens): string => decodeJwt(accessToken).sub ?? '';
const newUser = (): Promise<Tokens> => service.api.newUser(`listed${(users += 1)}@example.com`, PASSWORD);
const query = (filter: Readonly<Record<string, string>>): string => `?${new URLSearchParams(filter).toString()}`;
const ask = (filter: Readonly<Record<string, string>>): Promise<Answer<Page & Problem>> =>
  service.api.get(`${LIST}${query({ limit: '100', ...filter })}`, admin.accessToken);
async function found(filter: Readonly<Record<string, string>>): Promise<string[]> {
  const answer = await ask(filter);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.body.items.map(({ id }) => id);
}
async function ownerOf(...sessions: Omit<StoredSession, 'userId'>[]): Promise<{ userId: string; ids: string[] }> {
  const { accessToken, sessionId } = await newUser();
  const userId = decodeJwt(accessToken).sub ?? '';
  await service.sql('DELETE FROM sessions WHERE id = $1', [sessionId]);
  const ids: string[] = [];
  for (const session of sessions) ids.push(await storeSession(service, { userId, ...session }));
  return { userId, ids };
}
const ago = (seconds: number): Date => new Date(service.clock.now().getTime() - seconds * 1000);

describe('the admin’s list of sessions', () => {
  it('has everybody’s sessions, live or ended, newest first, with the asking one marked', async () => {
    const [one, other] = [await newUser(), await newUser()];
    await service.api.post('/api/logout', {}, one.accessToken);
    const { items } = (await ask({})).body;
    expect(items.slice(0, 2)).toEqual([
      expect.objectContaining({ id: other.sessionId, userId: subjectOf(other), revokedAt: null, current: false }),
      expect.objectContaining({ id: one.sessionId, userId: subjectOf(one), revokedReason: 'logout', current: false }),
    ]);
    expect(items.find(({ id }) => id === admin.sessionId)?.current).toBe(true);
    const times = items.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
  });

  it('tells the fields of the contract and nothing that a token could be made from', async () => {
    const answer = await ask({ userId: subjectOf(admin) });
    const fields = ['id', 'userId', 'createdAt', 'lastUsedAt', 'expiresAt', 'expiresBy', 'revokedAt', 'revokedReason'];
    fields.push('ip', 'userAgent', 'deviceName', 'amr', 'current');
    for (const item of answer.body.items) expect(Object.keys(item).sort()).toEqual(fields.toSorted());
  });

  it('is narrowed to a user', async () => {
    const one = await ownerOf({}, {});
    await newUser();
    expect(await found({ userId: one.userId })).toEqual(one.ids.toReversed());
    expect(await found({ userId: newId() })).toEqual([]);
  });

  it('is narrowed to an address or a block of them, whatever its host bits', async () => {
    const addresses = [
      '198.51.100.0',
      '198.51.100.7',
      '198.51.100.255',
      '198.51.101.0',
      '2001:db8:7::1',
      '2001:db8:8::1',
    ];
    const { userId, ids } = await ownerOf(...addresses.map((ip) => ({ ip })));
    const expectFound = async (ip: string, ...expected: number[]): Promise<void> => {
      const all = await found({ userId, ip });
      expect({ ip, found: all.map((id) => addresses[ids.indexOf(id)]).sort() }).toEqual({
        ip,
        found: expected.map((index) => addresses[index]).sort(),
      });
    };
    await expectFound('198.51.100.7', 1);
    await expectFound('::ffff:198.51.100.7', 1);
    await expectFound('198.51.100.0/24', 0, 1, 2);
    await expectFound('198.51.100.99/24', 0, 1, 2);
    await expectFound('198.51.100.0/31', 0);
    await expectFound('198.51.100.0/23', 0, 1, 2, 3);
    await expectFound('0.0.0.0/0', 0, 1, 2, 3);
    await expectFound('::ffff:0:0/96', 0, 1, 2, 3);
    await expectFound('2001:DB8:7:0::/48', 4);
    await expectFound('::/0', 4, 5);
    await expectFound('203.0.113.0/24');
  });

  it('is narrowed to words of the user agent in their order, the last perhaps cut, whatever case and punctuation', async () => {
    const agents = [
      'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
      'curl/8.10.1',
      'Build 12e4x; 1e10',
      'Größe-Messer/2 (Ubuntu)',
      null,
    ];
    const { userId, ids } = await ownerOf(...agents.map((userAgent) => ({ userAgent })));
    const expectFound = async (userAgent: string, ...expected: number[]): Promise<void> => {
      const all = await found({ userId, userAgent });
      expect({ userAgent, found: all.map((id) => ids.indexOf(id)).sort() }).toEqual({ userAgent, found: expected });
    };
    await expectFound('firefox', 0);
    await expectFound('FIREFOX/13', 0);
    await expectFound('Firefox 132.0', 0);
    await expectFound('mozilla', 0, 1);
    await expectFound('Mozilla/5.0 (X', 0);
    await expectFound('mozilla 5', 0, 1);
    await expectFound('refox');
    await expectFound('Firefox/131');
    await expectFound('Fire/132');
    await expectFound('Linux X11');
    await expectFound('like gecko) chrome', 1);
    await expectFound('Chrome (KHTML');
    await expectFound('  ;curl/8.1', 2);
    await expectFound('8.10.1', 2);
    await expectFound('build 12e', 3);
    await expectFound('12e4', 3);
    await expectFound('12e4x; 1', 3);
    await expectFound('1e1', 3);
    await expectFound('größe', 4);
    await expectFound('node');
  });

  it.each([
    "a' | b",
    'a & !b',
    'a <-> b:*',
    "'); DROP TABLE sessions; --",
    'a\\',
    '%',
    '_ a',
    'x'.repeat(200),
    'é'.repeat(200),
    '𝔘'.repeat(200),
    '²',
    'a\u0301',
    'OR',
    '$1',
  ])('takes a user agent such as "%.30s" as words, never as a query', async (userAgent) => {
    const { userId } = await ownerOf({ userAgent: 'zzz' });
    const answer = await ask({ userAgent, userId });
    expect(/[\p{L}\p{N}]/u.test(userAgent) ? 200 : 400).toBe(answer.status);
    if (answer.status === 200) expect(answer.body.items).toEqual([]);
  });

  it('is narrowed to a time, neither end included', async () => {
    const times = [ago(3 * HOUR), ago(2 * HOUR), ago(HOUR)];
    const { userId, ids } = await ownerOf(...times.map((createdAt) => ({ createdAt })));
    const [first = '', second = '', third = ''] = ids;
    const at = times[1]?.toISOString() ?? '';
    expect(await found({ userId, createdBefore: at })).toEqual([first]);
    expect(await found({ userId, createdAfter: at })).toEqual([third]);
    const inParis = `${new Date(Date.parse(at) + HOUR * 1000 + 1).toISOString().slice(0, -1)}+01:00`;
    expect(await found({ userId, createdBefore: inParis })).toEqual([second, first]);
    expect(await found({ userId, createdBefore: at, createdAfter: at })).toEqual([]);
  });

  it('is narrowed to those that are active, and to those that are not', async () => {
    const { userId, ids } = await ownerOf({}, { revokedAt: ago(1) }, { idleExpiresAt: ago(1) });
    const [live, revoked, expired] = ids;
    expect(await found({ userId, active: 'true' })).toEqual([live]);
    expect(await found({ userId, active: 'false' })).toEqual([expired, revoked]);
    expect(await found({ userId })).toEqual([expired, revoked, live]);
  });

  it('takes all filters together', async () => {
    const wanted = { ip: '198.51.100.7', userAgent: 'curl/8', createdAt: ago(HOUR) };
    const { userId, ids } = await ownerOf(
      wanted,
      { ...wanted, ip: '198.51.99.7' },
      { ...wanted, userAgent: 'wget/1' },
      { ...wanted, createdAt: ago(9 * HOUR) },
      { ...wanted, revokedAt: ago(1) },
    );
    const range = { createdAfter: ago(2 * HOUR).toISOString(), createdBefore: ago(1).toISOString() };
    const filter = { userId, ip: '198.51.100.0/24', userAgent: 'CURL', active: 'true', ...range };
    expect(await found(filter)).toEqual([ids[0]]);
  });

  it('is read page by page to its end, in order of time and id, and stays stable while sessions are added', async () => {
    const at = ago(HOUR);
    const { userId, ids } = await ownerOf(...Array.from({ length: 7 }, () => ({ createdAt: at, userAgent: 'paged' })));
    const seen: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await ask({ userId, userAgent: 'paged', limit: '2', ...(cursor === undefined ? {} : { cursor }) });
      expect(page.status).toBe(200);
      seen.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.nextCursor;
      await storeSession(service, { userId, userAgent: 'paged' });
    }
    expect(seen).toEqual(ids.toSorted().reverse());
  });

  it('goes on to the microsecond where two sessions differ by less than a millisecond', async () => {
    const { userId, ids } = await ownerOf({}, {}, {});
    for (const [index, id] of ids.entries()) {
      await service.sql(
        `UPDATE sessions SET created_at = '2026-11-24T06:00:00.5Z'::timestamptz + $2::int * interval '7 microseconds' WHERE id = $1`,
        [id, index],
      );
    }
    const first = (await ask({ userId, limit: '1' })).body;
    const rest = (await ask({ userId, limit: '2', cursor: first.nextCursor ?? '' })).body;
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids.toReversed());
  });

  it('takes a cursor for the filter alone that it was made for, and none that was altered', async () => {
    const { userId } = await ownerOf({}, {});
    const cursor = (await ask({ userId, limit: '1' })).body.nextCursor ?? '';
    expect((await ask({ userId, limit: '1', cursor })).status).toBe(200);
    const altered = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
    const mine = await service.api.get<Page>('/api/me/sessions?limit=1', admin.accessToken);
    await service.api.signIn(ADMIN);
    const tries = [
      ask({ userId, limit: '1', cursor: altered }),
      ask({ userId, limit: '1', cursor: cursor.slice(4) }),
      ask({ userId: newId(), limit: '1', cursor }),
      ask({ userId, active: 'true', limit: '1', cursor }),
      ask({ limit: '1', cursor }),
      ask({ userId, limit: '1', cursor: `${cursor}=` }),
      ask({ userId, limit: '1', cursor: mine.body.nextCursor ?? 'none' }),
    ];
    for (const answer of await Promise.all(tries)) {
      expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(['cursor']);
    }
  });

  it.each([
    ['userId', 'x'],
    ['userId', ''],
    ['userId', `${newId()}'`],
    ['userId', newId().toUpperCase()],
    ['ip', ''],
    ['ip', '10.0.0.0/33'],
    ['ip', '10.0.0'],
    ['ip', '010.0.0.1'],
    ['ip', 'fe80::1%eth0'],
    ['ip', '10.0.0.0/8; DROP TABLE sessions'],
    ['userAgent', ''],
    ['userAgent', '(/)'],
    ['userAgent', 'x'.repeat(201)],
    ['userAgent', 'a\0b'],
    ['createdBefore', '2026-11-24'],
    ['createdBefore', '2026-11-24T06:00:00'],
    ['createdBefore', '2026-02-30T06:00:00Z'],
    ['createdBefore', '1700000000'],
    ['createdAfter', 'now'],
    ['createdAfter', 'infinity'],
    ['active', 'yes'],
    ['active', '1'],
    ['active', ''],
    ['limit', '0'],
    ['limit', '101'],
    ['sort', 'ip'],
  ])('refuses %s "%.40s"', async (field, value) => {
    expect(fieldsOf(expectProblem(await ask({ [field]: value }), 400, 'validation_failed'))).toEqual([field]);
  });

  it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999-23:59'])('takes the time %s as well', async (time) => {
    expect((await ask({ createdBefore: time })).status).toBe(200);
    expect((await ask({ createdAfter: time })).status).toBe(200);
  });

  it('refuses a filter that is given twice', async () => {
    const answer = await service.api.get(`${LIST}?ip=10.0.0.1&ip=10.0.0.2`, admin.accessToken);
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(['ip']);
  });
});

describe('one session', () => {
  it('is told to an admin, live or ended', async () => {
    const owner = await newUser();
    const path = `${LIST}/${owner.sessionId}`;
    const live = await service.api.get<Session>(path, admin.accessToken);
    expect([live.status, live.body]).toEqual([
      200,
      expect.objectContaining({ id: owner.sessionId, userId: subjectOf(owner), revokedAt: null, current: false }),
    ]);
    await service.api.delete(`${path}?reason=gone`, admin.accessToken);
    expect((await service.api.get(path, admin.accessToken)).body).toMatchObject({
      revokedAt: expect.any(String) as string,
      revokedReason: 'admin: gone',
    });
    expect((await service.api.get<Session>(`${LIST}/${admin.sessionId}`, admin.accessToken)).body.current).toBe(true);
  });

  it.each([newId(), 'revoke', 'x', '%00'])('is not found by the id %s', async (id) => {
    expectProblem(await service.api.get(`${LIST}/${id}`, admin.accessToken), 404, 'not_found');
  });
});

describe('the event of an ending', () => {
  interface Event {
    readonly type: string;
    readonly actor: string | null;
    readonly user: string | null;
    readonly session: string | null;
    readonly details: Readonly<Record<string, unknown>>;
  }
  const TYPES = ['session_logout', 'session_revoked', 'sessions_revoked', 'excess_sessions_exceeded'];
  const eventsOf = (userId: string): Promise<Event[]> =>
    service.sql(
      `SELECT type, actor_id AS actor, user_id AS "user", session_id AS session, details FROM audit_events
       WHERE user_id = $1 AND type = ANY ($2) ORDER BY id`,
      [userId, TYPES],
    );

  it('tells a sign-out once, however often it is asked for', async () => {
    const owner = await newUser();
    const user = subjectOf(owner);
    for (let time = 0; time < 2; time += 1) {
      await service.api.post('/api/logout', {}, owner.accessToken);
      await service.api.post('/api/logout', { refreshToken: owner.refreshToken });
    }
    expect(await eventsOf(user)).toEqual([
      {
        type: 'session_logout',
        actor: null,
        user,
        session: owner.sessionId,
        details: { reason: 'logout', sessions: 1 },
      },
    ]);
  });

  it('tells a sign-out everywhere with the number of sessions, and from which', async () => {
    const owner = await newUser();
    const user = subjectOf(owner);
    await storeSession(service, { userId: user });
    await service.api.post('/api/logout/all', {}, owner.accessToken);
    expect(await eventsOf(user)).toEqual([
      {
        type: 'session_logout',
        actor: null,
        user,
        session: owner.sessionId,
        details: { reason: 'logout_all', sessions: 2 },
      },
    ]);
  });

  it('tells what owners end, and what an admin ends of theirs, with who did it and why', async () => {
    const owner = await newUser();
    const user = subjectOf(owner);
    const ended: string[] = [];
    for (let count = 0; count < 6; count += 1) ended.push(await storeSession(service, { userId: user }));
    const [first = '', second = ''] = ended;
    await service.api.delete(`/api/me/sessions/${first}`, owner.accessToken);
    await service.api.delete(`/api/me/sessions/${first}`, owner.accessToken);
    await service.api.delete(`${LIST}/${second}?reason=stolen`, admin.accessToken);
    await service.api.delete(`${LIST}/${second}`, admin.accessToken);
    await service.api.delete('/api/me/sessions', owner.accessToken);
    await service.api.delete('/api/me/sessions', owner.accessToken);
    await storeSession(service, { userId: user });
    await service.api.delete(`/api/admin/users/${user}/sessions`, admin.accessToken);
    await service.api.delete(`/api/admin/users/${user}/sessions`, admin.accessToken);
    const revoked = { type: 'session_revoked', actor: null, user };
    const byAdmin = { ...revoked, actor: subjectOf(admin) };
    expect(await eventsOf(user)).toEqual([
      { ...revoked, session: first, details: { reason: 'ended_by_user', sessions: 1 } },
      { ...byAdmin, session: second, details: { reason: 'admin: stolen', sessions: 1 } },
      { ...revoked, session: owner.sessionId, details: { reason: 'ended_by_user', sessions: 4 } },
      { ...byAdmin, session: null, details: { reason: 'admin', sessions: 2 } },
    ]);
  });

  it('tells which session gave way to the limit', async () => {
    const owner = await newUser();
    const user = subjectOf(owner);
    const idle = await storeSession(service, { userId: user, createdAt: ago(HOUR) });
    await service.sql(
      `INSERT INTO sessions (id, user_id, salt, secret_id, created_at, last_used_at, authenticated_at, idle_expires_at,
                             absolute_expires_at, ip, last_ip, amr)
       SELECT gen_random_uuid(), $1, sha256(n::text::bytea), 'none', at, at, at, at + interval '1 h', at + interval '1 h',
              '192.0.2.1', '192.0.2.1', '{pwd}' FROM generate_series(1, 98) n, (SELECT $2::timestamptz) AS time (at)`,
      [user, service.clock.now()],
    );
    await service.api.signIn({ email: `listed${users}@example.com`, password: PASSWORD });
    expect(await eventsOf(user)).toEqual([
      {
        type: 'excess_sessions_exceeded',
        actor: null,
        user,
        session: idle,
        details: { reason: 'session_limit', sessions: 1 },
      },
    ]);
  });
});
