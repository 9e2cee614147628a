import { decodeJwt } from 'jose';
import { newSessionId } from '../src/shared/ids.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { eventually } from './support/eventually.js';
import { startSeparateInstance } from './support/separate-instance.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

interface Session {
  readonly id: string;
  readonly current: boolean;
  readonly createdAt: string;
}
interface Page {
  readonly items: readonly Session[];
  readonly nextCursor: string | null;
}

const PASSWORD = 'seven quiet otters juggling';
const LIST = '/api/me/sessions';

let service: TestApp;

beforeAll(async () => {
  service = await startTestApp();
});
afterAll(() => service.close());

let users = 0;
/** A user with so many sessions, the newest last. */
async function userWith(sessions: number): Promise<{ email: string; sessions: Tokens[]; newest: Tokens }> {
  const email = `user${(users += 1)}@example.com`;
  const opened = [await service.api.newUser(email, PASSWORD)];
  while (opened.length < sessions) opened.push(await service.api.signIn({ email, password: PASSWORD }));
  const newest = opened.at(-1);
  if (!newest) throw new Error('no session was opened');
  return { email, sessions: opened, newest };
}

const ids = ({ items }: Page): string[] => items.map(({ id }) => id);
const list = async (token: string, query = ''): Promise<Page> => {
  const answer = await service.api.get<Page>(`${LIST}${query}`, token);
  expect(answer.status).toBe(200);
  return answer.body;
};
async function codeOf(answer: Promise<Answer<unknown>>): Promise<[number, unknown]> {
  const { status, body } = await (answer as Promise<Answer<Partial<Problem> | undefined>>);
  return [status, body?.code];
}
const guarded = (token: string): Promise<[number, unknown]> => codeOf(service.api.get('/api/protected', token));
const reasonOf = async (id: string): Promise<string | null> => {
  const [row] = await service.sql<{ revoked_reason: string | null }>(
    'SELECT revoked_reason FROM sessions WHERE id = $1',
    [id],
  );
  return row?.revoked_reason ?? null;
};

describe('the list of sessions', () => {
  it('has exactly the fields of the contract, and nothing that a token could be made from', async () => {
    const { newest } = await userWith(1);
    const answer = await service.api.get<Page>(LIST, newest.accessToken);
    const { sub } = decodeJwt(newest.accessToken);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
    expect(answer.body).toEqual({
      items: [
        {
          id: newest.sessionId,
          userId: sub,
          createdAt: time,
          lastUsedAt: time,
          expiresAt: time,
          expiresBy: 'idle',
          revokedAt: null,
          revokedReason: null,
          ip: '127.0.0.1',
          userAgent: 'node',
          deviceName: null,
          amr: ['pwd'],
          current: true,
        },
      ],
      nextCursor: null,
    });
  });

  it('tells the device that the sign-in named, and where it was', async () => {
    const { email } = await userWith(1);
    const answer = await service.api.send<Tokens>('POST', '/api/login', {
      json: { email, password: PASSWORD, deviceName: 'Ada’s laptop' },
      headers: { 'user-agent': 'Gatehouse-Test/1.0' },
    });
    const [first] = (await list(answer.body.accessToken)).items;
    expect(first).toMatchObject({ deviceName: 'Ada’s laptop', userAgent: 'Gatehouse-Test/1.0', current: true });
  });

  it('is newest first, of the live ones alone, with the asking one marked', async () => {
    const { sessions } = await userWith(4);
    const [first, second, third, fourth] = sessions as [Tokens, Tokens, Tokens, Tokens];
    await service.api.post('/api/logout', {}, third.accessToken);
    const page = await list(second.accessToken);
    expect(ids(page)).toEqual([fourth.sessionId, second.sessionId, first.sessionId]);
    expect(page.items.map(({ current }) => current)).toEqual([false, true, false]);
  });

  it('has no session of anybody else', async () => {
    const [one, other] = [await userWith(2), await userWith(2)];
    expect(ids(await list(one.newest.accessToken)).sort()).toEqual(
      one.sessions.map(({ sessionId }) => sessionId).sort(),
    );
    expect(ids(await list(other.newest.accessToken))).not.toContain(one.newest.sessionId);
  });

  it('is read page by page to its end, and stays stable while sessions are added and ended', async () => {
    const { email, sessions, newest } = await userWith(5);
    const expected = sessions.map(({ sessionId }) => sessionId).reverse();
    const first = await list(newest.accessToken, '?limit=2');
    await service.api.signIn({ email, password: PASSWORD });
    const second = await list(newest.accessToken, `?limit=2&cursor=${first.nextCursor ?? ''}`);
    // The last one of a page may end meanwhile: the next page still begins behind it.
    await service.api.delete(`${LIST}/${expected[3] ?? ''}`, newest.accessToken);
    const third = await list(newest.accessToken, `?limit=2&cursor=${second.nextCursor ?? ''}`);
    expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(expected);
    expect(third.nextCursor).toBeNull();
  });

  it('ends with a page that is just full', async () => {
    const { newest } = await userWith(2);
    expect((await list(newest.accessToken, '?limit=2')).nextCursor).toBeNull();
    expect((await list(newest.accessToken, '?limit=1')).nextCursor).not.toBeNull();
  });

  it('refuses a cursor that was altered, cut, made up or made for another user', async () => {
    const [one, other] = [await userWith(3), await userWith(3)];
    const { nextCursor } = await list(one.newest.accessToken, '?limit=1');
    const cursor = nextCursor ?? '';
    const flipped = Array.from({ length: cursor.length }, (_, at) => {
      const letter = cursor[at] === 'A' ? 'B' : 'A';
      return cursor.slice(0, at) + letter + cursor.slice(at + 1);
    });
    const refused = [...flipped, cursor.slice(0, -1), `${cursor}A`, 'x', one.newest.sessionId];
    for (const altered of refused) {
      const answer = await service.api.get<Problem>(`${LIST}?limit=1&cursor=${altered}`, one.newest.accessToken);
      expect([altered, answer.status, answer.body.code]).toEqual([altered, 400, 'validation_failed']);
    }
    expect(await codeOf(service.api.get(`${LIST}?cursor=${cursor}`, other.newest.accessToken))).toEqual([
      400,
      'validation_failed',
    ]);
    expect((await list(one.newest.accessToken, `?limit=1&cursor=${cursor}`)).items).toHaveLength(1);
  });

  it.each(['0', '101', '-1', '1.5', 'x', '', '1e1'])('refuses the limit "%s"', async (limit) => {
    const { newest } = await userWith(1);
    expect(await codeOf(service.api.get(`${LIST}?limit=${limit}`, newest.accessToken))).toEqual([
      400,
      'validation_failed',
    ]);
  });
});

describe('ending sessions of one’s own', () => {
  it('ends one at once, and no other', async () => {
    const { sessions } = await userWith(2);
    const [gone, kept] = sessions as [Tokens, Tokens];
    const answer = await service.api.delete(`${LIST}/${gone.sessionId}`, kept.accessToken);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await guarded(gone.accessToken)).toEqual([401, 'token_revoked']);
    expect(await codeOf(service.api.refresh(gone.refreshToken))).toEqual([401, 'session_revoked']);
    expect((await guarded(kept.accessToken))[0]).toBe(200);
    expect(await reasonOf(gone.sessionId)).toBe('ended_by_user');
    expect((await service.api.delete(`${LIST}/${gone.sessionId}`, kept.accessToken)).status).toBe(204);
  });

  it('may be the current one', async () => {
    const { newest } = await userWith(1);
    expect((await service.api.delete(`${LIST}/${newest.sessionId}`, newest.accessToken)).status).toBe(204);
    expect(await guarded(newest.accessToken)).toEqual([401, 'token_revoked']);
  });

  it('ends all but the current one, and says how many', async () => {
    const { sessions, newest } = await userWith(3);
    const answer = await service.api.delete<{ revoked: number }>(LIST, newest.accessToken);
    expect([answer.status, answer.body]).toEqual([200, { revoked: 2 }]);
    for (const { accessToken } of sessions.slice(0, 2))
      expect(await guarded(accessToken)).toEqual([401, 'token_revoked']);
    expect(ids(await list(newest.accessToken))).toEqual([newest.sessionId]);
    expect((await service.api.delete<{ revoked: number }>(LIST, newest.accessToken)).body).toEqual({ revoked: 0 });
  });

  it('does not find the session of anybody else, and leaves it alone', async () => {
    const [one, other] = [await userWith(1), await userWith(1)];
    const foreign = service.api.delete(`${LIST}/${other.newest.sessionId}`, one.newest.accessToken);
    expect(await codeOf(foreign)).toEqual([404, 'not_found']);
    expect((await guarded(other.newest.accessToken))[0]).toBe(200);
    expect(await reasonOf(other.newest.sessionId)).toBeNull();
  });

  it('answers for a session of another user exactly as for one that never was', async () => {
    const [one, other] = [await userWith(1), await userWith(1)];
    const texts = await Promise.all(
      [other.newest.sessionId, newSessionId()].map(async (id) => {
        const { body } = await service.api.delete<Problem>(`${LIST}/${id}`, one.newest.accessToken);
        return { ...body, requestId: '' };
      }),
    );
    expect(texts[0]).toEqual(texts[1]);
  });

  it.each([
    'x',
    '1',
    "'",
    '%00',
    '..%2f',
    'null',
    'undefined',
    '00000000-0000-0000-0000-00000000000g',
    'a'.repeat(300),
  ])('does not find what is no id: %s', async (id) => {
    const { newest } = await userWith(1);
    const answer = await service.api.delete<Problem>(`${LIST}/${id}`, newest.accessToken);
    expect(answer.status).toBe(404);
    expect((await guarded(newest.accessToken))[0]).toBe(200);
  });

  it('takes an access token', async () => {
    const { newest } = await userWith(1);
    for (const call of [
      service.api.get(LIST),
      service.api.delete(LIST),
      service.api.delete(`${LIST}/${newest.sessionId}`),
    ]) {
      expect(await codeOf(call)).toEqual([401, 'token_missing']);
    }
  });
});

describe('signing out', () => {
  it('ends the session of the bearer, also when it has ended already', async () => {
    const { newest } = await userWith(1);
    for (let time = 0; time < 2; time += 1) {
      expect((await service.api.post('/api/logout', {}, newest.accessToken)).status).toBe(204);
      expect(await guarded(newest.accessToken)).toEqual([401, 'token_revoked']);
    }
    expect(await reasonOf(newest.sessionId)).toBe('logout');
  });

  it('works without a body at all, and with an empty one sent as JSON', async () => {
    const { sessions } = await userWith(2);
    const [one, other] = sessions as [Tokens, Tokens];
    expect((await service.api.send('POST', '/api/logout', { token: one.accessToken })).status).toBe(204);
    expect((await service.api.send('POST', '/api/logout', { token: other.accessToken, body: '' })).status).toBe(204);
  });

  it('by refresh token needs no access token, nor the newest refresh token', async () => {
    const { newest } = await userWith(1);
    const next = await service.api.refresh(newest.refreshToken);
    service.clock.advance(3600);
    expect(await codeOf(service.api.post('/api/logout', {}, newest.accessToken))).toEqual([401, 'token_expired']);
    expect((await service.api.post('/api/logout', { refreshToken: newest.refreshToken })).status).toBe(204);
    expect(await codeOf(service.api.refresh(next.body.refreshToken))).toEqual([401, 'session_revoked']);
    expect((await service.api.post('/api/logout', { refreshToken: newest.refreshToken })).status).toBe(204);
    expect(await reasonOf(newest.sessionId)).toBe('logout');
  });

  it('with neither is told that the token is missing', async () => {
    const answer = await service.api.post<Problem>('/api/logout');
    expect([answer.status, answer.body.code]).toEqual([401, 'token_missing']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatehouse"');
  });

  it('with a forged refresh token ends the session of a valid bearer all the same, and nothing without one', async () => {
    const { newest } = await userWith(1);
    const bytes = Buffer.from(newest.refreshToken.slice(3), 'base64url').fill(1, 40);
    for (const refreshToken of [`rt_${bytes.toString('base64url')}`, 'x', newest.refreshToken.slice(1)]) {
      expect(await codeOf(service.api.post('/api/logout', { refreshToken }))).toEqual([401, 'refresh_invalid']);
      expect((await guarded(newest.accessToken))[0]).toBe(200);
    }
    const forged = { refreshToken: newest.refreshToken.slice(1) };
    expect((await service.api.post('/api/logout', forged, newest.accessToken)).status).toBe(204);
    expect((await guarded(newest.accessToken))[0]).toBe(401);
  });

  it('ends the sessions of both tokens where they belong to two', async () => {
    const {
      newest,
      sessions: [other],
    } = await userWith(2);
    if (other === undefined) throw new Error('there is no second session');
    const both = { refreshToken: other.refreshToken };
    expect((await service.api.post('/api/logout', both, newest.accessToken)).status).toBe(204);
    expect((await guarded(newest.accessToken))[0]).toBe(401);
    expect((await guarded(other.accessToken))[0]).toBe(401);
  });

  it('takes null for a refresh token of the wrong type', async () => {
    const { newest } = await userWith(1);
    const answer = service.api.post('/api/logout', { refreshToken: null }, newest.accessToken);
    expect(await codeOf(answer)).toEqual([400, 'validation_failed']);
  });

  it('with a forged access token ends nothing', async () => {
    const { newest } = await userWith(1);
    const forged = `${newest.accessToken.slice(0, -10)}AAAAAAAAAA`;
    expect(await codeOf(service.api.post('/api/logout', {}, forged))).toEqual([401, 'token_invalid']);
    expect((await guarded(newest.accessToken))[0]).toBe(200);
  });

  it('everywhere ends every session of the user and nobody else’s', async () => {
    const [one, other] = [await userWith(3), await userWith(1)];
    expect((await service.api.post('/api/logout/all', {}, one.newest.accessToken)).status).toBe(204);
    for (const { accessToken, refreshToken } of one.sessions) {
      expect(await guarded(accessToken)).toEqual([401, 'token_revoked']);
      expect(await codeOf(service.api.refresh(refreshToken))).toEqual([401, 'session_revoked']);
    }
    expect((await guarded(other.newest.accessToken))[0]).toBe(200);
    expect((await service.api.signIn({ email: one.email, password: PASSWORD })).accessToken).toBeDefined();
  });
});

describe('the limit of sessions a user', () => {
  let limited: Awaited<ReturnType<typeof startSeparateInstance>>;

  beforeAll(async () => {
    limited = await startSeparateInstance({ env: { SESSIONS_PER_USER: '2' } });
  });
  afterAll(() => limited.close());

  const liveOf = async (tokens: Tokens): Promise<string[]> =>
    ids((await limited.api.get<Page>(LIST, tokens.accessToken)).body);

  it('ends the one that was idle longest, not the oldest', async () => {
    const oldest = await limited.api.signIn(ADMIN);
    limited.clock.advance(10);
    const idle = await limited.api.signIn(ADMIN);
    limited.clock.advance(10);
    expect((await limited.api.refresh(oldest.refreshToken)).status).toBe(200);
    limited.clock.advance(10);
    const newest = await limited.api.signIn(ADMIN);
    expect(await liveOf(newest)).toEqual([newest.sessionId, oldest.sessionId]);
    expect(await codeOf(limited.api.get('/api/protected', idle.accessToken))).toEqual([401, 'token_revoked']);
    const [row] = await limited.sql('SELECT revoked_reason AS reason FROM sessions WHERE id = $1', [idle.sessionId]);
    expect(row).toEqual({ reason: 'session_limit' });
  });

  it('holds while many sign in at once', async () => {
    // As many as may try a password of one account from one address at once.
    const opened = await Promise.all(Array.from({ length: 5 }, () => limited.api.signIn(ADMIN)));
    const live = `SELECT id FROM sessions WHERE revoked_at IS NULL`;
    expect(await limited.sql(live)).toHaveLength(2);
    const answers = await Promise.all(opened.map(({ accessToken }) => limited.api.get('/api/protected', accessToken)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  });

  it('never ends the session that is just being opened, though the clocks of two instances differ', async () => {
    await limited.api.signIn(ADMIN);
    await limited.api.signIn(ADMIN);
    limited.clock.advance(-2);
    const newest = await limited.api.signIn(ADMIN);
    expect(await codeOf(limited.api.get('/api/protected', newest.accessToken))).toEqual([200, undefined]);
    limited.clock.advance(2);
  });
});

describe('an admin', () => {
  let admin: Tokens;
  beforeEach(async () => {
    admin = await service.api.signIn(ADMIN);
  });

  it('ends a session, however often, and the reason is recorded', async () => {
    const { newest } = await userWith(1);
    const path = `/api/admin/sessions/${newest.sessionId}?reason=laptop%20stolen`;
    expect((await service.api.delete(path, admin.accessToken)).status).toBe(204);
    expect(await guarded(newest.accessToken)).toEqual([401, 'token_revoked']);
    expect(await reasonOf(newest.sessionId)).toBe('admin: laptop stolen');
    expect((await service.api.delete(`${path}%20again`, admin.accessToken)).status).toBe(204);
    expect(await reasonOf(newest.sessionId)).toBe('admin: laptop stolen');
  });

  it('ends every session of a user and is told how many', async () => {
    const { sessions, newest } = await userWith(3);
    const path = `/api/admin/users/${decodeJwt(newest.accessToken).sub ?? ''}/sessions`;
    const answer = await service.api.delete(path, admin.accessToken);
    expect([answer.status, answer.body]).toEqual([200, { revoked: 3 }]);
    for (const { accessToken } of sessions) expect(await guarded(accessToken)).toEqual([401, 'token_revoked']);
    expect((await service.api.delete(path, admin.accessToken)).body).toEqual({ revoked: 0 });
  });

  it('is told of a session or user that there is none', async () => {
    const paths = [newSessionId(), 'x', '%00'].flatMap((id) => [
      `/api/admin/sessions/${id}`,
      `/api/admin/users/${id}/sessions`,
    ]);
    for (const path of paths)
      expect(await codeOf(service.api.delete(path, admin.accessToken))).toEqual([404, 'not_found']);
  });

  it.each(['', 'x'.repeat(201)])('may not give the reason "%.20s"', async (reason) => {
    const { newest } = await userWith(1);
    const answer = service.api.delete(`/api/admin/sessions/${newest.sessionId}?reason=${reason}`, admin.accessToken);
    expect(await codeOf(answer)).toEqual([400, 'validation_failed']);
    expect((await guarded(newest.accessToken))[0]).toBe(200);
  });
});

describe('the admin routes', () => {
  const routes = async (): Promise<string[]> => {
    const { newest } = await userWith(1);
    return [
      `/api/admin/sessions/${newest.sessionId}`,
      `/api/admin/users/${decodeJwt(newest.accessToken).sub ?? ''}/sessions`,
    ];
  };

  it('let nobody in without a token', async () => {
    for (const path of await routes()) expect(await codeOf(service.api.delete(path))).toEqual([401, 'token_missing']);
  });

  it('tell a user that the rights do not suffice, for other sessions and for one’s own', async () => {
    const { newest } = await userWith(1);
    for (const path of [...(await routes()), `/api/admin/sessions/${newest.sessionId}`]) {
      const answer = await service.api.delete<Problem>(path, newest.accessToken);
      expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="gatehouse", error="insufficient_scope"/);
    }
    expect((await guarded(newest.accessToken))[0]).toBe(200);
  });

  it('ask for a recent sign-in, which a refresh is not (RFC 9470)', async () => {
    const admin = await service.api.signIn(ADMIN);
    service.clock.advance(12 * 3600 + 2);
    const refreshed = await service.api.refresh(admin.refreshToken);
    const [path = ''] = await routes();
    const answer = await service.api.delete<Problem>(path, refreshed.body.accessToken);
    expect([answer.status, answer.body.code]).toEqual([401, 'reauth_required']);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(challenge).toMatch(/^Bearer realm="gatehouse", error="insufficient_user_authentication"/);
    expect(challenge).toMatch(/, max_age=43200$/);
    const anew = await service.api.signIn(ADMIN);
    expect((await service.api.delete(path, anew.accessToken)).status).toBe(204);
  });

  it('ask for a second factor where ADMIN_REQUIRE_MFA is on', async () => {
    const strict = await startSeparateInstance({ env: { ADMIN_REQUIRE_MFA: 'on' } });
    try {
      const { accessToken } = await strict.api.signIn(ADMIN);
      const answer = strict.api.delete(`/api/admin/sessions/${newSessionId()}`, accessToken);
      expect(await codeOf(answer)).toEqual([403, 'mfa_enrolment_required']);
      expect((await strict.api.get('/api/protected', accessToken)).status).toBe(200);
    } finally {
      await strict.close();
    }
  });
});

describe('a revocation', () => {
  it('is known to another instance within a second, and to each after a restart', async () => {
    const env = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
    const first = await startSeparateInstance({ env });
    const second = await startSeparateInstance({ env, database: first.database });
    let third: typeof second | undefined;
    try {
      const tokens = await first.api.signIn(ADMIN);
      const kept = await first.api.signIn(ADMIN);
      for (const { api } of [first, second])
        expect((await api.get('/api/protected', tokens.accessToken)).status).toBe(200);
      await first.api.post('/api/logout', {}, tokens.accessToken);
      expect(await codeOf(first.api.get('/api/protected', tokens.accessToken))).toEqual([401, 'token_revoked']);
      await eventually(async () => {
        expect(await codeOf(second.api.get('/api/protected', tokens.accessToken))).toEqual([401, 'token_revoked']);
      }, 1_000);
      third = await startSeparateInstance({ env, database: first.database });
      expect(await codeOf(third.api.get('/api/protected', tokens.accessToken))).toEqual([401, 'token_revoked']);
      for (const { api } of [first, second, third])
        expect((await api.get('/api/protected', kept.accessToken)).status).toBe(200);
    } finally {
      await third?.close();
      await second.close();
      await first.close();
    }
  });

  it.each([
    ["raises the user's version", 'user', 'token_stale'],
    ['ends one token', 'token', 'token_revoked'],
    ['takes a key away', 'key', 'token_stale'],
    ['raises the era', 'era', 'token_revoked'],
  ] as const)('that %s is known to an instance that did not make it', async (_, kind, code) => {
    const { newest } = await userWith(1);
    const { sub, jti } = decodeJwt(newest.accessToken);
    const header = JSON.parse(Buffer.from(newest.accessToken.split('.')[0] ?? '', 'base64url').toString()) as {
      kid: string;
    };
    const subject = { user: sub, era: '*', token: jti, key: header.kid }[kind];
    const minimum = { user: 2, era: 2, token: null, key: null }[kind];
    await service.sql(
      `INSERT INTO revocations (kind, subject, minimum, expires_at) VALUES ($1, $2, $3, now() + interval '70 min')`,
      [kind, subject, minimum],
    );
    await eventually(async () => {
      expect(await guarded(newest.accessToken)).toEqual([401, code]);
    }, 1_000);
  });
});
