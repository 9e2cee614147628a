import { TokenRevokedError } from '../src/security/security.errors.js';
import { decodeJwt } from 'jose';
import { EraSweep } from '../src/tokens/session-control/era-sweep.js';
import { EveryoneRevocation } from '../src/tokens/session-control/everyone-revocation.js';
import { RevocationFeed } from '../src/tokens/revocation/revocation-feed.js';
import { AccessTokenVerifier } from '../src/tokens/access/access-token-verifier.js';
import { CountMismatchError } from '../src/tokens/tokens.errors.js';
import { AppError } from '../src/shared/app-error.js';
import type { BulkRequest } from '../src/tokens/session-control/bulk-request.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { onServer } from './support/database.js';
import { eventually } from './support/eventually.js';
import { expectProblem } from './support/problem.js';
import { startSeparateInstance } from './support/separate-instance.js';
import { storeMany, storeSession } from './support/stored-sessions.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

interface Counted {
  readonly matched: number;
  readonly revoked: number;
}

const PASSWORD = 'seven quiet otters juggling';
const REVOKE = '/api/admin/sessions/revoke';
const HOUR_MS = 3_600_000;

const env = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
let service: TestApp;
let second: TestApp;
let admin: Tokens;
let users = 0;

beforeAll(async () => {
  service = await startTestApp({ env });
  second = await startTestApp({ env, database: service.database });
});
afterAll(async () => {
  await second.close();
  await service.close();
});
beforeEach(async () => {
  jest.restoreAllMocks();
  await swept();
  admin = await service.api.signIn(ADMIN);
});

const sweepOf = ({ app }: TestApp): EraSweep => app.get(EraSweep, { strict: false });
const newUser = (): Promise<Tokens> => service.api.newUser(`everyone${(users += 1)}@example.com`, PASSWORD);
const subjectOf = ({ accessToken }: Tokens): string => decodeJwt(accessToken).sub ?? '';
const revoke = (body: unknown, token = admin.accessToken): Promise<Answer<Counted & Problem>> =>
  service.api.post(REVOKE, body, token);
async function verdict(accessToken: string, at = service): Promise<string> {
  const tokens = at.app.get(AccessTokenVerifier, { strict: false });
  return tokens.verify(accessToken).then(
    () => 'granted',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}
const eraOf = async (): Promise<{ era: number; ended: number } | undefined> =>
  (await service.sql<{ era: number; ended: number }>('SELECT era, ended_era AS ended FROM deployment'))[0];
async function swept(): Promise<void> {
  await eventually(async () => {
    await sweepOf(service).run();
    const state = await eraOf();
    expect(state?.ended).toBe(state?.era);
  }, 15_000);
}
const live = async (): Promise<number> => {
  const [counted] = await service.sql<{ count: number }>(
    `SELECT count(*)::int FROM sessions, deployment d
     WHERE revoked_at IS NULL AND sessions.era = d.era AND idle_expires_at > now() AND absolute_expires_at > now()`,
  );
  return counted?.count ?? 0;
};
const stateOf = async (id: string): Promise<unknown> =>
  (
    await service.sql('SELECT revoked_at IS NULL AS live, revoked_reason AS reason FROM sessions WHERE id = $1', [id])
  )[0];
/** As a process that dies right after its commit: nobody begins to mark the rows. */
function neverSweep(): void {
  for (const instance of [service, second]) {
    jest.spyOn(sweepOf(instance), 'begin').mockReturnValue();
    jest.spyOn(sweepOf(instance), 'run').mockResolvedValue();
  }
}

describe('revoking everyone’s sessions', () => {
  it('refuses every token and session of before at once, and marks their rows afterwards', async () => {
    const [one, other] = [await newUser(), await newUser()];
    const before = await live();
    const answer = await revoke({ all: true, reason: 'breach' });
    expect([answer.status, answer.body]).toEqual([200, { matched: before, revoked: before - 1 }]);
    for (const { accessToken, refreshToken } of [one, other]) {
      expect(await verdict(accessToken)).toBe('token_revoked');
      expectProblem(await service.api.refresh(refreshToken), 401, 'session_revoked');
    }
    await swept();
    expect(await stateOf(one.sessionId)).toEqual({ live: false, reason: 'admin: breach' });
    const anew = await service.api.signIn({ email: `everyone${users}@example.com`, password: PASSWORD });
    expect(await verdict(anew.accessToken)).toBe('granted');
    expect((await service.api.refresh(anew.refreshToken)).status).toBe(200);
  });

  it('is one row of the feed, however many sessions there are, and names no session to other services', async () => {
    await storeMany(service, { userId: subjectOf(admin), count: 50, userAgent: 'many' });
    await service.sql('DELETE FROM revocations');
    await revoke({ all: true });
    const { era = 0 } = (await eraOf()) ?? {};
    expect(await service.sql('SELECT kind, subject, minimum FROM revocations')).toEqual([
      { kind: 'era', subject: '*', minimum: era },
    ]);
  });

  it('spares the caller’s own session: its old token is stale, at every instance, and a refresh mends that', async () => {
    const other = await newUser();
    await revoke({ all: true });
    await second.app.get(RevocationFeed, { strict: false }).readAnew();
    for (const instance of [service, second]) {
      expect(await verdict(admin.accessToken, instance)).toBe('token_stale');
      expect(await verdict(other.accessToken, instance)).toBe('token_revoked');
    }
    const { status, body } = await service.api.refresh(admin.refreshToken);
    expect(status).toBe(200);
    for (const instance of [service, second]) expect(await verdict(body.accessToken, instance)).toBe('granted');
    await swept();
    expect(await stateOf(admin.sessionId)).toEqual({ live: true, reason: null });
  });

  it('spares nobody where the caller is included', async () => {
    const before = await live();
    expect((await revoke({ all: true, includeSelf: true })).body).toEqual({ matched: before, revoked: before });
    expect(await verdict(admin.accessToken)).toBe('token_revoked');
    expectProblem(await service.api.refresh(admin.refreshToken), 401, 'session_revoked');
  });

  it('ends a session that was spared before where the next call does not spare it', async () => {
    const other = await service.api.signIn(ADMIN);
    await revoke({ all: true }, other.accessToken);
    expect(await verdict(other.accessToken)).toBe('token_stale');
    expect(await verdict(admin.accessToken)).toBe('token_revoked');
    const anew = await service.api.signIn(ADMIN);
    await revoke({ all: true }, anew.accessToken);
    expect(await verdict(other.accessToken)).toBe('token_revoked');
    expect(await verdict(anew.accessToken)).toBe('token_stale');
    expectProblem(await service.api.refresh(other.refreshToken), 401, 'session_revoked');
    expect((await service.api.refresh(anew.refreshToken)).status).toBe(200);
  });

  it('only counts in a dry run, and ends nobody where the count differs', async () => {
    const other = await newUser();
    const { era } = (await eraOf()) ?? {};
    const matched = await live();
    expect((await revoke({ all: true, dryRun: true })).body).toEqual({ matched, revoked: 0 });
    expectProblem(await revoke({ all: true, dryRun: true, expected: matched + 1 }), 409, 'count_mismatch');
    expect(expectProblem(await revoke({ all: true, expected: matched - 1 }), 409, 'count_mismatch')).toMatchObject({
      matched,
    });
    expect((await eraOf())?.era).toBe(era);
    expect(await verdict(other.accessToken)).toBe('granted');
    expect((await revoke({ all: true, expected: matched })).body).toEqual({ matched, revoked: matched - 1 });
  });

  it('is one event', async () => {
    const type = `SELECT actor_id AS actor, session_id AS session, details FROM audit_events WHERE type = 'sessions_revoked' ORDER BY id`;
    const before = (await service.sql(type)).length;
    const matched = await live();
    await revoke({ all: true, dryRun: true });
    await revoke({ all: true, reason: 'drill' });
    expect((await service.sql(type)).slice(before)).toEqual([
      {
        actor: subjectOf(admin),
        session: admin.sessionId,
        details: { all: true, reason: 'admin: drill', matched, revoked: matched - 1 },
      },
    ]);
  });

  const request = (by: Tokens, changes: Partial<BulkRequest> = {}): BulkRequest => ({
    by: { actor: decodedPrincipal(by), client: { ip: '192.0.2.1', userAgent: undefined } },
    reason: 'admin',
    dryRun: false,
    expected: undefined,
    includeSelf: false,
    ...changes,
  });
  const everyone = (of: TestApp): EveryoneRevocation => of.app.get(EveryoneRevocation, { strict: false });

  it('of two calls at once lets the second count what the first has left', async () => {
    const matched = await live();
    const [one, other] = await Promise.all([service, second].map((of) => everyone(of).revoke(request(admin))));
    expect([one?.revoked, other?.revoked].toSorted((a = 0, b = 0) => a - b)).toEqual([0, matched - 1]);
    await expect(everyone(service).revoke(request(admin, { expected: 5 }))).rejects.toThrow(CountMismatchError);
  });

  it('of two calls at once refuses the second where the first has ended its session', async () => {
    const others = [await service.api.signIn(ADMIN), await service.api.signIn(ADMIN)];
    const calls = others.map((by) => everyone(service).revoke(request(by)));
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = settled.find((each) => each.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(TokenRevokedError);
  });

  it('counts every sign-in that it ends, and holds those that come until it has', async () => {
    let [signedIn, counted] = [0, 0];
    let signing = true;
    const signIns = Promise.all(
      [1, 2, 3].map(async () => {
        while (signing) {
          await service.api.signIn(ADMIN);
          signedIn += 1;
        }
      }),
    );
    const before = await live();
    for (let round = 0; round < 6; round += 1) {
      const by = await service.api.signIn(ADMIN);
      const { revoked } = await everyone(service)
        .revoke(request(by, { includeSelf: true }))
        .catch(() => ({ revoked: 0 }));
      counted += revoked;
      if (revoked > 0) signedIn += 1;
    }
    signing = false;
    await signIns;
    expect(counted).toBeGreaterThan(0);
    // Whatever was counted has ended, and whatever was not lives on.
    const refusedLater = before + signedIn - counted;
    expect(await live()).toBe(refusedLater);
  });

  it('is in the history of everyone whose sessions it ended, once their rows say so', async () => {
    const user = await newUser();
    const by = await service.api.signIn(ADMIN);
    await everyone(service).revoke(request(by, { reason: 'admin: drill' }));
    const events = (): Promise<unknown[]> =>
      service.sql(
        `SELECT actor_id AS actor, details FROM audit_events WHERE type = 'session_revoked' AND user_id = $1`,
        [subjectOf(user)],
      );
    await eventually(async () => {
      expect(await events()).toEqual([{ actor: subjectOf(by), details: { reason: 'admin: drill', sessions: 1 } }]);
    });
  });
});

const decodedPrincipal = ({ accessToken }: Tokens): BulkRequest['by']['actor'] => {
  const claims = decodeJwt<{ sid: string; ver: number; era: number }>(accessToken);
  return {
    userId: claims.sub as BulkRequest['by']['actor']['userId'],
    sessionId: claims.sid as BulkRequest['by']['actor']['sessionId'],
    tokenId: claims.jti ?? '',
    keyId: '',
    roles: ['admin'],
    ver: claims.ver,
    era: claims.era,
    amr: ['pwd'],
    authenticatedAt: new Date(),
    issuedAt: new Date(),
    expiresAt: new Date(),
  };
};

describe('before the rows of sessions of an older era say that they have ended', () => {
  it('they are refused, inactive and listed as ended all the same', async () => {
    const owner = await newUser();
    const userId = subjectOf(owner);
    const expired = await storeSession(service, { userId, idleExpiresAt: new Date(Date.now() - HOUR_MS) });
    const { body: client } = await service.api.post<{ clientId: string; clientSecret: string }>(
      '/api/admin/clients',
      { name: 'orders' },
      admin.accessToken,
    );
    neverSweep();
    await revoke({ all: true, reason: 'breach' });
    expect(await stateOf(owner.sessionId)).toEqual({ live: true, reason: null });

    expectProblem(await service.api.refresh(owner.refreshToken), 401, 'session_revoked');
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
    const introspected = await service.api.send('POST', '/oauth/introspect', {
      body: new URLSearchParams({ token: owner.refreshToken }).toString(),
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(introspected.body).toEqual({ active: false });

    const { accessToken } = (await service.api.refresh(admin.refreshToken)).body;
    const told = await service.api.get(`/api/admin/sessions/${owner.sessionId}`, accessToken);
    expect(told.body).toMatchObject({ revokedAt: expect.any(String) as string, revokedReason: 'admin: breach' });
    expect((await service.api.get(`/api/admin/sessions/${expired}`, accessToken)).body.revokedAt).toBeNull();
    const list = async (query: string): Promise<unknown> =>
      (await service.api.get<{ items: { id: string }[] }>(`/api/admin/sessions?${query}`, accessToken)).body.items;
    expect(await list(`userId=${userId}&active=true`)).toEqual([]);
    expect(await list(`userId=${userId}&active=false`)).toHaveLength(2);
    const bulk = await service.api.post(REVOKE, { userId }, accessToken);
    expect(bulk.body).toEqual({ matched: 0, revoked: 0 });
    const all = await service.api.delete(`/api/admin/users/${userId}/sessions`, accessToken);
    expect(all.body).toEqual({ revoked: 0 });
    expect((await service.api.delete(`/api/admin/sessions/${owner.sessionId}`, accessToken)).status).toBe(204);
    expect(await stateOf(owner.sessionId)).toEqual({ live: true, reason: null });

    const anew = await service.api.signIn({ email: `everyone${users}@example.com`, password: PASSWORD });
    const mine = await service.api.get<{ items: { id: string }[] }>('/api/me/sessions', anew.accessToken);
    expect(mine.body.items.map(({ id }) => id)).toEqual([anew.sessionId]);
  });

  it('an instance that starts marks them, after a crash between the raise and the first row', async () => {
    const owner = await newUser();
    await storeMany(service, { userId: subjectOf(owner), count: 2_500, userAgent: 'crash' });
    neverSweep();
    await revoke({ all: true, reason: 'crash' });
    const unmarked = async (): Promise<number> => {
      const [row] = await service.sql<{ count: number }>(
        'SELECT count(*)::int FROM sessions s, deployment d WHERE s.era < d.era AND s.revoked_at IS NULL AND idle_expires_at > now()',
      );
      return row?.count ?? 0;
    };
    expect(await unmarked()).toBeGreaterThan(2_500);
    const third = await startSeparateInstance({ env, database: service.database });
    try {
      await eventually(async () => {
        expect(await unmarked()).toBe(0);
        const state = await eraOf();
        expect(state?.ended).toBe(state?.era);
      }, 15_000);
    } finally {
      await third.close();
    }
    expect(await stateOf(owner.sessionId)).toEqual({ live: false, reason: 'admin: crash' });
  });

  it('several instances mark each once, with the reason of the call that ended it', async () => {
    const owner = await newUser();
    const userId = subjectOf(owner);
    await storeMany(service, { userId, count: 1_500, userAgent: 'first' });
    neverSweep();
    await revoke({ all: true, reason: 'first' });
    await storeMany(service, { userId, count: 1_500, userAgent: 'second' });
    const { accessToken } = (await service.api.refresh(admin.refreshToken)).body;
    await revoke({ all: true, reason: 'second' }, accessToken);
    jest.restoreAllMocks();
    await eventually(async () => {
      await Promise.all([sweepOf(service).run(), sweepOf(second).run()]);
      const state = await eraOf();
      expect(state?.ended).toBe(state?.era);
    }, 15_000);
    const reasons = await service.sql(
      `SELECT user_agent AS agent, revoked_reason AS reason, count(*)::int FROM sessions
       WHERE user_id = $1 AND user_agent IN ('first', 'second') GROUP BY 1, 2 ORDER BY 1`,
      [userId],
    );
    expect(reasons).toEqual([
      { agent: 'first', reason: 'admin: first', count: 1_500 },
      { agent: 'second', reason: 'admin: second', count: 1_500 },
    ]);
  });

  it('does not call the work done while another instance is at it', async () => {
    await newUser();
    neverSweep();
    await revoke({ all: true });
    jest.restoreAllMocks();
    await onServer(async (query) => {
      await query('BEGIN');
      await query('SELECT pg_advisory_xact_lock(1701994867)');
      await sweepOf(service).run();
      const state = await eraOf();
      expect(state?.ended).toBeLessThan(state?.era ?? 0);
      await query('ROLLBACK');
    }, service.database.url);
    await swept();
  });

  it('leaves as it is what had expired or ended before', async () => {
    const owner = await newUser();
    const userId = subjectOf(owner);
    const now = Date.now();
    const expired = await storeSession(service, { userId, idleExpiresAt: new Date(now - HOUR_MS) });
    const revoked = await storeSession(service, { userId, revokedAt: new Date(now - HOUR_MS) });
    await revoke({ all: true });
    await swept();
    expect([await stateOf(expired), await stateOf(revoked)]).toEqual([
      { live: true, reason: null },
      { live: false, reason: null },
    ]);
  });
});

describe('a refresh while everyone is signed out', () => {
  async function whileHeld<Result>(id: string, work: (release: () => Promise<unknown>) => Promise<Result>) {
    return onServer(async (query) => {
      await query('BEGIN');
      await query('SELECT id FROM sessions WHERE id = $1 FOR UPDATE', [id]);
      return work(() => query('COMMIT'));
    }, service.database.url);
  }
  const waiting = (count: number): Promise<void> =>
    eventually(async () => {
      const [row] = await service.sql<{ count: number }>(
        `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(row?.count).toBe(count);
    });

  it('gets nothing that works, when it had read the old era and advances after the raise', async () => {
    const owner = await newUser();
    const answer = await whileHeld(owner.sessionId, async (release) => {
      const pending = service.api.refresh(owner.refreshToken);
      await waiting(1);
      expect((await revoke({ all: true })).status).toBe(200);
      await release();
      return pending;
    });
    if (answer.status === 200) {
      expect(await verdict(answer.body.accessToken)).toBe('token_revoked');
      expectProblem(await service.api.refresh(answer.body.refreshToken), 401, 'session_revoked');
    } else expect(answer.body.code).toBe('session_revoked');
  });

  it('of the spared session gets a token of the new era, when it waits for the raise', async () => {
    const answer = await whileHeld(admin.sessionId, async (release) => {
      const raising = revoke({ all: true });
      await waiting(1);
      const pending = service.api.refresh(admin.refreshToken);
      await waiting(2);
      await release();
      expect((await raising).status).toBe(200);
      return pending;
    });
    expect(answer.status).toBe(200);
    expect(decodeJwt(answer.body.accessToken).era).toBe((await eraOf())?.era);
    expect(await verdict(answer.body.accessToken)).toBe('granted');
  });

  it('leaves one session alone of many that refresh while it happens: the caller’s', async () => {
    const owners = await Promise.all([newUser(), newUser(), newUser()]);
    const [, ...answers] = await Promise.all([
      revoke({ all: true }),
      ...owners.map(({ refreshToken }) => service.api.refresh(refreshToken)),
    ]);
    for (const { status, body } of answers) {
      if (status !== 200) expect(body.code).toBe('session_revoked');
      else {
        expect(await verdict(body.accessToken)).toBe('token_revoked');
        expectProblem(await service.api.refresh(body.refreshToken), 401, 'session_revoked');
      }
    }
    expect(await live()).toBe(1);
  });
});
