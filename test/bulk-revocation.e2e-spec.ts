import { decodeJwt } from 'jose';
import { newId } from '../src/shared/ids.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { onServer } from './support/database.js';
import { eventually } from './support/eventually.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { startSeparateInstance } from './support/separate-instance.js';
import { storeMany, storeSession } from './support/stored-sessions.js';
import { ADMIN, randomSecret } from './support/test-app.js';

interface Counted {
  readonly matched: number;
  readonly revoked: number;
}
interface Ended {
  readonly live: boolean;
  readonly reason: string | null;
}

const PASSWORD = 'seven quiet otters juggling';
const REVOKE = '/api/admin/sessions/revoke';
const HOUR = 3_600;

const env = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
let service: Awaited<ReturnType<typeof startSeparateInstance>>;
/** Another instance of the same deployment. */
let second: typeof service;
let admin: Tokens;
let users = 0;

beforeAll(async () => {
  service = await startSeparateInstance({ env });
  second = await startSeparateInstance({ env, database: service.database });
});
afterAll(async () => {
  await second.close();
  await service.close();
});
beforeEach(async () => {
  admin = await service.api.signIn(ADMIN);
});

const subjectOf = ({ accessToken }: Tokens): string => decodeJwt(accessToken).sub ?? '';
const revoke = (body: unknown, token = admin.accessToken, at = service): Promise<Answer<Counted & Problem>> =>
  at.api.post(REVOKE, body, token);
async function counted(body: unknown): Promise<Counted> {
  const answer = await revoke(body);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.body;
}
async function verdict({ accessToken }: Tokens, at = service): Promise<string> {
  const { status, body } = await at.api.get<Problem | undefined>('/api/protected', accessToken);
  return status === 200 ? 'granted' : (body?.code ?? String(status));
}
const refreshed = async ({ refreshToken }: Tokens): Promise<string> => {
  const { status, body } = await service.api.refresh(refreshToken);
  return status === 200 ? 'granted' : body.code;
};
const stateOf = async (id: string): Promise<Ended | undefined> => {
  const [row] = await service.sql<Ended>(
    'SELECT revoked_at IS NULL AS live, revoked_reason AS reason FROM sessions WHERE id = $1',
    [id],
  );
  return row;
};
const feedOf = (ids: readonly string[]): Promise<{ subject: string }[]> =>
  service.sql(`SELECT subject FROM revocations WHERE kind = 'session' AND subject = ANY ($1) ORDER BY id`, [ids]);
const ago = (seconds: number): Date => new Date(service.clock.now().getTime() - seconds * 1000);
/** A user with so many sessions that were signed in. */
async function userWith(count: number): Promise<{ email: string; userId: string; sessions: Tokens[] }> {
  const email = `bulk${(users += 1)}@example.com`;
  const sessions = [await service.api.newUser(email, PASSWORD)];
  while (sessions.length < count) sessions.push(await service.api.signIn({ email, password: PASSWORD }));
  return { email, userId: decodeJwt(sessions[0]?.accessToken ?? '').sub ?? '', sessions };
}
const bulkEventsOf = (userId: string): Promise<unknown[]> =>
  service.sql(
    `SELECT actor_id AS actor, session_id AS session, details FROM audit_events
     WHERE type = 'sessions_revoked' AND user_id = $1 ORDER BY id`,
    [userId],
  );

async function waitingForLocks(count: number): Promise<void> {
  await eventually(async () => {
    const [waiting] = await service.sql<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect(waiting?.count).toBe(count);
  });
}

/** Holds a session's row while something is started that has to wait for it, and lets go. */
async function holding<Result>(id: string, work: (query: (text: string) => Promise<unknown>) => Promise<Result>) {
  return onServer(async (query) => {
    await query('BEGIN');
    await query('SELECT id FROM sessions WHERE id = $1 FOR UPDATE', [id]);
    return work((text) => query(text));
  }, service.database.url);
}

describe('revoking the sessions that match a filter', () => {
  it('ends all of them at once and nobody else’s, and tells how many', async () => {
    const [one, other] = [await userWith(3), await userWith(1)];
    expect(await counted({ userId: one.userId, reason: 'leaked' })).toEqual({ matched: 3, revoked: 3 });
    for (const tokens of one.sessions) {
      expect(await verdict(tokens)).toBe('token_revoked');
      expect(await refreshed(tokens)).toBe('session_revoked');
      expect(await stateOf(tokens.sessionId)).toEqual({ live: false, reason: 'admin: leaked' });
    }
    for (const tokens of other.sessions) expect(await verdict(tokens)).toBe('granted');
    expect(await counted({ userId: one.userId })).toEqual({ matched: 0, revoked: 0 });
    expect(await stateOf(one.sessions[0]?.sessionId ?? '')).toEqual({ live: false, reason: 'admin: leaked' });
  });

  it('is known to another instance within a second', async () => {
    const { userId, sessions } = await userWith(2);
    await counted({ userId });
    for (const tokens of sessions) {
      await eventually(async () => {
        expect(await verdict(tokens, second)).toBe('token_revoked');
      }, 1_000);
    }
  });

  it.each(['ip', 'userAgent', 'createdBefore', 'createdAfter', 'active'] as const)(
    'takes the filter %s',
    async (filter) => {
      const { userId, sessions } = await userWith(1);
      const wanted = { ip: '198.51.100.9', userAgent: 'Old Kiosk/3', createdAt: ago(2 * HOUR) };
      const hit = await storeSession(service, { userId, ...wanted });
      const values = {
        ip: '198.51.100.0/28',
        userAgent: 'old kio',
        createdBefore: ago(HOUR).toISOString(),
        createdAfter: ago(3 * HOUR).toISOString(),
        active: true,
      };
      const isForAll = filter === 'active' || filter === 'createdAfter';
      expect((await counted({ userId, [filter]: values[filter] })).revoked).toBe(isForAll ? 2 : 1);
      expect(await stateOf(hit)).toMatchObject({ live: false });
      expect(await stateOf(sessions[0]?.sessionId ?? '')).toMatchObject({ live: !isForAll });
    },
  );

  it('counts and ends live sessions alone: with active: false there are none', async () => {
    const { userId } = await userWith(1);
    const revoked = await storeSession(service, { userId, revokedAt: ago(1) });
    await storeSession(service, { userId, idleExpiresAt: ago(HOUR) });
    expect(await counted({ userId, active: false })).toEqual({ matched: 0, revoked: 0 });
    expect(await counted({ userId })).toEqual({ matched: 1, revoked: 1 });
    expect(await stateOf(revoked)).toEqual({ live: false, reason: null });
  });

  it('spares the caller’s own session, which it counts, unless it is included', async () => {
    const { userId } = await userWith(1);
    await service.sql(`UPDATE sessions SET user_agent = 'spared' WHERE id = $1 OR user_id = $2`, [
      admin.sessionId,
      userId,
    ]);
    expect(await counted({ userAgent: 'spared' })).toEqual({ matched: 2, revoked: 1 });
    expect(await verdict(admin)).toBe('granted');
    expect(await counted({ userAgent: 'spared', includeSelf: true })).toEqual({ matched: 1, revoked: 1 });
    expect(await verdict(admin)).toBe('token_revoked');
  });

  it('only counts in a dry run, which waits for no lock', async () => {
    const { userId, sessions } = await userWith(2);
    const [held] = sessions;
    await holding(held?.sessionId ?? '', async () => {
      expect(await counted({ userId, dryRun: true })).toEqual({ matched: 2, revoked: 0 });
    });
    for (const tokens of sessions) expect(await verdict(tokens)).toBe('granted');
    expectProblem(await revoke({ userId, dryRun: true, expected: 3 }), 409, 'count_mismatch');
  });

  it('ends nothing where the count has changed since the admin looked, and tells what it is now', async () => {
    const { userId, email, sessions } = await userWith(2);
    const { matched } = await counted({ userId, dryRun: true });
    const late = await service.api.signIn({ email, password: PASSWORD });
    const problem = expectProblem(await revoke({ userId, expected: matched }), 409, 'count_mismatch');
    expect(problem).toMatchObject({ matched: 3 });
    for (const tokens of [...sessions, late]) {
      expect(await verdict(tokens)).toBe('granted');
      expect(await refreshed(tokens)).toBe('granted');
    }
    expect(await counted({ userId, expected: 3 })).toEqual({ matched: 3, revoked: 3 });
    expect(await counted({ userId, expected: 0 })).toEqual({ matched: 0, revoked: 0 });
  });

  it('tells others only of sessions that may have a live access token', async () => {
    const { userId, sessions } = await userWith(1);
    const now = await storeSession(service, { userId });
    const within = await storeSession(service, { userId, createdAt: ago(5 * HOUR), lastUsedAt: ago(HOUR + 30) });
    const old = await storeSession(service, { userId, createdAt: ago(5 * HOUR), lastUsedAt: ago(2 * HOUR) });
    // A repeat with its key may have been answered a moment ago.
    const keyed = await storeSession(service, {
      userId,
      createdAt: ago(5 * HOUR),
      lastUsedAt: ago(2 * HOUR),
      keyed: true,
    });
    expect(await counted({ userId })).toEqual({ matched: 5, revoked: 5 });
    const told = [sessions[0]?.sessionId ?? '', now, within, keyed];
    expect((await feedOf([...told, old])).map(({ subject }) => subject).sort()).toEqual(told.toSorted());
    expect(await stateOf(old)).toMatchObject({ live: false });
  });

  it('refuses the access token that a repeat with its key was answered with long after the refresh', async () => {
    const { userId, sessions } = await userWith(1);
    const first = sessions[0]?.refreshToken ?? '';
    const key = { 'idempotency-key': 'late' };
    await service.api.refresh(first, key);
    service.clock.advance(6 * HOUR);
    try {
      admin = await service.api.signIn(ADMIN);
      const repeated = await service.api.refresh(first, key);
      expect([repeated.status, repeated.headers.get('x-refresh-replay')]).toEqual([200, 'retry']);
      expect(await counted({ userId })).toEqual({ matched: 1, revoked: 1 });
      expect(await verdict(repeated.body)).toBe('token_revoked');
    } finally {
      service.clock.advance(-6 * HOUR);
    }
  });

  it('is one event with what was asked for, and none where nothing ended', async () => {
    const { userId } = await userWith(2);
    const filter = { userId, ip: '127.0.0.1/8', userAgent: 'Node', createdAfter: ago(HOUR).toISOString() };
    await counted({ ...filter, dryRun: true });
    await revoke({ ...filter, expected: 9 });
    await counted({ ...filter, reason: 'leaked', expected: 2 });
    await counted(filter);
    expect(await bulkEventsOf(userId)).toEqual([
      {
        actor: subjectOf(admin),
        session: admin.sessionId,
        details: { ...filter, ip: '127.0.0.0/8', reason: 'admin: leaked', matched: 2, revoked: 2 },
      },
    ]);
  });

  it.each([
    [{}, ['all']],
    [{ reason: 'everything' }, ['all']],
    [{ dryRun: true, expected: 3, includeSelf: true }, ['all']],
    [{ all: false }, ['all']],
    [{ all: 'true' }, ['all']],
    [{ all: true, active: true }, ['active']],
    [{ all: true, userId: newId(), ip: '::/0' }, ['ip', 'userId']],
    [{ userId: [newId()] }, ['userId']],
    [{ userId: null }, ['userId']],
    [{ userId: { $ne: null } }, ['userId']],
    [{ ip: 0 }, ['ip']],
    [{ ip: '10.0.0.0/40' }, ['ip']],
    [{ active: 'true' }, ['active']],
    [{ userAgent: '—' }, ['userAgent']],
    [{ createdBefore: 1_700_000_000 }, ['createdBefore']],
    [{ createdAfter: '2026-13-01T00:00:00Z' }, ['createdAfter']],
    [{ active: true, expected: -1 }, ['expected']],
    [{ active: true, expected: 1.5 }, ['expected']],
    [{ active: true, expected: '1' }, ['expected']],
    [{ active: true, expected: 2 ** 31 }, ['expected']],
    [{ active: true, dryRun: 'false' }, ['dryRun']],
    [{ active: true, includeSelf: 1 }, ['includeSelf']],
    [{ active: true, reason: '' }, ['reason']],
    [{ active: true, reason: 'two\nlines' }, ['reason']],
    [{ active: true, limit: 5 }, ['limit']],
    [{ active: true, cursor: 'x' }, ['cursor']],
    [{ active: true, sessionId: newId() }, ['sessionId']],
  ])('refuses %j', async (body, fields) => {
    expect(fieldsOf(expectProblem(await revoke(body), 400, 'validation_failed'))).toEqual(fields);
    expect(await verdict(admin)).toBe('granted');
  });

  it('is for admins alone', async () => {
    const { userId, sessions } = await userWith(1);
    const [own] = sessions;
    expectProblem(await service.api.post(REVOKE, { userId }), 401, 'token_missing');
    expectProblem(await revoke({ userId }, own?.accessToken), 403, 'forbidden');
    expectProblem(await revoke({ all: true }, own?.accessToken), 403, 'forbidden');
    expect(own && (await verdict(own))).toBe('granted');
  });
});

describe('revoking more than a hundred thousand', () => {
  it('is refused and ends none; a hundred thousand are ended within the time that statements may take', async () => {
    const { userId, sessions } = await userWith(1);
    await storeMany(service, { userId, count: 100_000, userAgent: 'crowd', ip: '198.51.100.1' });
    expectProblem(await revoke({ userId }), 422, 'too_many');
    expectProblem(await revoke({ userId, dryRun: true }), 422, 'too_many');
    expect(await verdict(sessions[0] ?? admin)).toBe('granted');
    expect(await counted({ ip: '198.51.100.1' })).toEqual({ matched: 100_000, revoked: 100_000 });
    expect(await verdict(sessions[0] ?? admin)).toBe('granted');
    await eventually(async () => {
      expect((await second.api.get('/health/ready')).status).toBe(200);
    });
    await service.sql('DELETE FROM sessions WHERE user_id = $1', [userId]);
    await service.sql('DELETE FROM revocations');
  }, 60_000);
});

describe('two calls at once', () => {
  it('end each session once, and their counts add up', async () => {
    const { userId, sessions } = await userWith(1);
    await storeMany(service, { userId, count: 300, userAgent: 'race' });
    const answers = await Promise.all([
      revoke({ userId }),
      revoke({ userAgent: 'race' }),
      revoke({ userId }, admin.accessToken, second),
      revoke({ userId, userAgent: 'race' }, admin.accessToken, second),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(answers.reduce((sum, { body }) => sum + body.revoked, 0)).toBe(301);
    const ids = await service.sql<{ id: string }>('SELECT id FROM sessions WHERE user_id = $1', [userId]);
    expect(await feedOf(ids.map(({ id }) => id))).toHaveLength(301);
    expect(sessions[0] && (await verdict(sessions[0]))).toBe('token_revoked');
  });

  it('are both followed by refusals at their own instance, whichever of them ended the session', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { userId, sessions } = await userWith(1);
      const [session] = sessions;
      const verdicts = await Promise.all(
        [service, second].map(async (at) => {
          await revoke({ userId }, admin.accessToken, at);
          return session && verdict(session, at);
        }),
      );
      expect(verdicts).toEqual(['token_revoked', 'token_revoked']);
    }
  });

  it('of one user and of many end what they share without waiting for one another for ever', async () => {
    const { userId, sessions } = await userWith(3);
    const [asking] = sessions;
    await storeMany(service, { userId, count: 200, userAgent: 'deadlock' });
    const [all, bulk] = await Promise.all([
      service.api.post('/api/logout/all', {}, asking?.accessToken),
      revoke({ userAgent: 'deadlock' }),
      revoke({ userId }),
    ]);
    expect([all.status, bulk.status]).toEqual([204, 200]);
  });
});

describe('a bulk revocation', () => {
  it('takes nothing from the query: what was meant for the body is not passed over', async () => {
    const { userId, sessions } = await userWith(1);
    const answer = await service.api.post<Problem>(`${REVOKE}?dryRun=true`, { userId }, admin.accessToken);
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(['dryRun']);
    for (const session of sessions) expect(await verdict(session)).toBe('granted');
  });

  it('is in the history of each user whose sessions it ended', async () => {
    const [one, other] = [await userWith(2), await userWith(1)];
    await counted({ createdAfter: '2000-01-01T00:00:00Z', active: true, userAgent: 'node', reason: 'drill' });
    for (const [{ userId }, sessions] of [
      [one, 2],
      [other, 1],
    ] as const) {
      const events = await service.sql(
        `SELECT actor_id AS actor, details FROM audit_events WHERE type = 'session_revoked' AND user_id = $1`,
        [userId],
      );
      expect(events).toEqual([{ actor: subjectOf(admin), details: { reason: 'admin: drill', sessions } }]);
    }
  });
});

describe('a bulk revocation that waits for a session', () => {
  it('lets refreshes and sign-ins go on that it does not match', async () => {
    const [one, other] = [await userWith(2), await userWith(1)];
    const [held] = one.sessions;
    await holding(held?.sessionId ?? '', async (query) => {
      const pending = revoke({ userId: one.userId });
      await waitingForLocks(1);
      for (const tokens of other.sessions) expect(await refreshed(tokens)).toBe('granted');
      expect((await service.api.signIn({ email: other.email, password: PASSWORD })).accessToken).toBeDefined();
      await query('COMMIT');
      expect((await pending).body).toEqual({ matched: 2, revoked: 2 });
    });
  });

  it('lets no refresh of a matched one slip past, whichever is first', async () => {
    const { userId, sessions } = await userWith(1);
    const [session] = sessions;
    if (!session) throw new Error('there is no session');
    for (const order of ['refresh first', 'revocation first'] as const) {
      const tokens = order === 'refresh first' ? session : (await userWith(1)).sessions[0];
      const owner = order === 'refresh first' ? userId : subjectOf(tokens ?? session);
      if (!tokens) throw new Error('there is no session');
      const [answer, bulk] = await holding(tokens.sessionId, async (query) => {
        const steps = [() => service.api.refresh(tokens.refreshToken), () => revoke({ userId: owner })] as const;
        const refreshing = order === 'refresh first' ? steps[0]() : undefined;
        if (refreshing) await waitingForLocks(1);
        const revoking = steps[1]();
        await waitingForLocks(refreshing ? 2 : 1);
        const later = refreshing ?? steps[0]();
        await waitingForLocks(2);
        await query('COMMIT');
        return Promise.all([later, revoking]);
      });
      expect(bulk.body).toEqual({ matched: 1, revoked: 1 });
      if (answer.status === 200) expect(await verdict(answer.body)).toBe('token_revoked');
      else expect(answer.body.code).toBe('session_revoked');
      expect(await verdict(tokens)).toBe('token_revoked');
      expect(await refreshed(answer.status === 200 ? answer.body : tokens)).toBe('session_revoked');
    }
  });

  it('ends a session that a refresh saves from its expiry meanwhile, uncounted only if it had expired', async () => {
    const { userId, sessions } = await userWith(1);
    const [session] = sessions;
    if (!session) throw new Error('there is no session');
    await service.sql(`UPDATE sessions SET idle_expires_at = $2 WHERE id = $1`, [session.sessionId, ago(5)]);
    expect(await counted({ userId })).toEqual({ matched: 0, revoked: 0 });
    await service.sql(`UPDATE sessions SET idle_expires_at = $2 WHERE id = $1`, [session.sessionId, ago(-HOUR)]);
    expect(await refreshed(session)).toBe('session_revoked');
  });

  it('leaves the sign-ins that come while it runs to whoever asks next, whole', async () => {
    const { userId, email } = await userWith(1);
    const outcomes = await Promise.all([
      revoke({ userId }),
      ...Array.from({ length: 4 }, () => service.api.signIn({ email, password: PASSWORD })),
      revoke({ userId }, admin.accessToken, second),
    ]);
    for (const outcome of outcomes) {
      if ('status' in outcome) expect(outcome.status).toBe(200);
      else {
        const live = (await stateOf(outcome.sessionId))?.live === true;
        expect([await verdict(outcome), await refreshed(outcome)]).toEqual(
          live ? ['granted', 'granted'] : ['token_revoked', 'session_revoked'],
        );
      }
    }
  });
});
