import { Refusals } from '../src/audit/refusals.js';
import { EventSealer } from '../src/audit/seals/event-sealer.js';
import type { Problem, Tokens } from './support/api.js';
import { eventually } from './support/eventually.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const WRONG = 'not the password of anyone';

interface EventBody {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly actorId: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly outcome: string;
  readonly count: number;
  readonly details: Record<string, unknown>;
}
interface EventList extends Problem {
  readonly items: EventBody[];
  readonly nextCursor: string | null;
}
interface User {
  readonly id: string;
  readonly email: string;
  readonly tokens: Tokens;
}

let users = 0;

describe('the event log', () => {
  let service: TestApp;
  let admin: Tokens;
  let adminId: string;

  beforeAll(async () => {
    service = await startTestApp();
    admin = await service.api.signIn(ADMIN);
    adminId = (await service.api.get<{ id: string }>('/api/me', admin.accessToken)).body.id;
  });
  afterAll(() => service.close());

  const list = async (query: Record<string, string> = {}): Promise<EventList> =>
    (await service.api.get<EventList>(`/api/admin/events?${new URLSearchParams(query).toString()}`, admin.accessToken))
      .body;
  const user = async (): Promise<User> => {
    const email = `events${++users}@example.com`;
    const tokens = await service.api.newUser(email, PASSWORD);
    const { id } = (await service.api.get<{ id: string }>('/api/me', tokens.accessToken)).body;
    return { id, email, tokens };
  };
  const of = async (type: string, userId: string): Promise<EventBody[]> => (await list({ type, userId })).items;
  /** The one event of a type, whole. */
  const only = async (type: string, userId: string): Promise<EventBody> => {
    const [event, ...others] = await of(type, userId);
    if (!event || others.length > 0) throw new Error(`${others.length + (event ? 1 : 0)} events ${type}`);
    return event;
  };

  describe('has', () => {
    it('each sign-in, right or wrong, with where it came from and the request that it was', async () => {
      const { id, email, tokens } = await user();
      const sent = await service.api.send('POST', '/api/login', {
        json: { email, password: WRONG },
        headers: { 'user-agent': 'curl/8', 'x-request-id': 'request-of-mine' },
      });
      expect(sent.status).toBe(401);
      expect(await only('authn_login_success', id)).toMatchObject({
        ...{ userId: id, actorId: null, sessionId: tokens.sessionId, outcome: 'success', count: 1, ip: '127.0.0.1' },
        details: { amr: 'pwd', knownDevice: false },
      });
      expect(await only('authn_login_fail', id)).toMatchObject({
        ...{ outcome: 'failure', userAgent: 'curl/8', requestId: 'request-of-mine', sessionId: null },
        details: { step: 'password', reason: 'wrong' },
      });
    });

    it('a sign-in under an unknown name, by a keyed hash that is always the same, and never the name', async () => {
      for (const password of [WRONG, `${WRONG}!`])
        expect((await service.api.post('/api/login', { email: 'nobody-at-all@example.com', password })).status).toBe(
          401,
        );
      const [event] = (await list({ type: 'authn_login_fail' })).items;
      expect(event).toMatchObject({
        userId: null,
        details: { login: expect.stringMatching(/^[0-9a-f]{32,}$/) as string },
      });
      expect(JSON.stringify(await list())).not.toContain('nobody-at-all');
    });

    it('a flood of wrong ones as one at once and one that tells how many more', async () => {
      const { id, email } = await user();
      for (let tried = 0; tried < 5; tried += 1) await service.api.post('/api/login', { email, password: WRONG });
      expect((await of('authn_login_fail', id)).map(({ count }) => count)).toEqual([1]);
      await service.app.get(Refusals, { strict: false }).flush();
      expect((await of('authn_login_fail', id)).map(({ count }) => count)).toEqual([4, 1]);
      // Blocked now: not looked at any more.
      expect((await service.api.post('/api/login', { email, password: PASSWORD })).status).toBe(429);
      const [blocked] = (await list({ type: 'excess_rate_limit_exceeded' })).items;
      expect(blocked).toMatchObject({ outcome: 'failure', details: { limit: 'login', step: 'password' } });
      expect(await only('authn_login_lock', id)).toMatchObject({ details: { limit: 'login' } });
    });

    it('registrations, of new and of taken addresses', async () => {
      const { id, email } = await user();
      await service.api.post('/api/register', { email, password: PASSWORD });
      expect((await of('user_created', id)).map(({ outcome, details }) => [outcome, details.found])).toEqual([
        ['failure', 'taken'],
        ['success', 'created'],
      ]);
    });

    it('sign-outs and ended sessions, by the owner and by an admin, with the reason', async () => {
      const { id, email, tokens } = await user();
      const other = await service.api.signIn({ email, password: PASSWORD });
      const third = await service.api.signIn({ email, password: PASSWORD });
      await service.api.delete(`/api/me/sessions/${other.sessionId}`, tokens.accessToken);
      await service.api.delete(`/api/admin/sessions/${third.sessionId}?reason=stolen`, admin.accessToken);
      await service.api.post('/api/logout', {}, tokens.accessToken);
      expect(await only('session_logout', id)).toMatchObject({ sessionId: tokens.sessionId, actorId: null });
      const [byAdmin, byOwner] = await of('session_revoked', id);
      expect(byOwner).toMatchObject({ sessionId: other.sessionId, actorId: null });
      expect(byAdmin).toMatchObject({ sessionId: third.sessionId, actorId: adminId });
      expect(JSON.stringify(byAdmin?.details)).toContain('stolen');
    });

    it('changes of keys and of service clients, with who made them', async () => {
      const rotated = await service.api.post<{ kid: string }>('/api/admin/keys/rotate', {}, admin.accessToken);
      const [key] = (await list({ type: 'signing_key_changed' })).items;
      expect(key).toMatchObject({ actorId: adminId, details: { kid: rotated.body.kid, state: 'scheduled' } });
      const made = await service.api.post<{ clientId: string }>(
        ...(['/api/admin/clients', { name: 'of a test' }, admin.accessToken] as const),
      );
      await service.api.delete(`/api/admin/clients/${made.body.clientId}`, admin.accessToken);
      for (const type of ['service_client_created', 'service_client_deleted']) {
        const [event] = (await list({ type })).items;
        expect(event).toMatchObject({ actorId: adminId, details: { serviceClientId: made.body.clientId } });
      }
      expect(JSON.stringify(await list())).not.toContain('of a test');
    });

    it('every call of an admin, reading ones too, and those that were refused', async () => {
      const { id, tokens } = await user();
      await service.api.get(`/api/admin/users/${id}?limit=1`, admin.accessToken);
      const change = { json: { roles: ['editor'], disable: true }, token: admin.accessToken };
      expectProblem(await service.api.send('PATCH', `/api/admin/users/${id}`, change), 400, 'validation_failed');
      const [refused, done] = await of('authz_admin', adminId);
      expect([refused, done]).toMatchObject([
        {
          ...{ outcome: 'failure', sessionId: admin.sessionId },
          details: { route: 'PATCH /api/admin/users/:id', reason: 'validation_failed', target: id },
        },
        {
          ...{ outcome: 'success', sessionId: admin.sessionId },
          details: { route: 'GET /api/admin/users/:id', target: id },
        },
      ]);
      for (let call = 0; call < 3; call += 1)
        expectProblem(await service.api.delete(`/api/admin/users/${id}`, tokens.accessToken), 403, 'forbidden');
      expect(await only('authz_fail', id)).toMatchObject({
        ...{ outcome: 'failure', count: 1 },
        details: { route: 'DELETE /api/admin/users/:id', reason: 'forbidden', target: id },
      });
    });
  });

  describe('is listed', () => {
    it('by account, by type and by time, newest first', async () => {
      const { id, tokens } = await user();
      service.clock.advance(10);
      const from = service.clock.now().toISOString();
      await service.api.post('/api/logout', {}, tokens.accessToken);
      const all = (await list({ userId: id })).items;
      expect(all.map(({ type }) => type)).toEqual(['session_logout', 'authn_login_success', 'user_created']);
      expect((await list({ userId: id, from })).items.map(({ type }) => type)).toEqual(['session_logout']);
      expect((await list({ userId: id, to: from })).items.map(({ type }) => type)).toEqual(
        all.slice(1).map(({ type }) => type),
      );
      expect((await list({ userId: id, type: 'user_created', to: from })).items).toEqual(all.slice(2));
      expect((await list({ userId: id, from: '2999-01-01T00:00:00+02:00' })).items).toEqual([]);
    });

    it('page by page, each event once, while others are added', async () => {
      const { id, email } = await user();
      for (let count = 0; count < 6; count += 1) await service.api.signIn({ email, password: PASSWORD });
      const whole = (await list({ userId: id, limit: '100' })).items.map((event) => event.id);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ userId: id, limit: '3', ...(cursor !== undefined && { cursor }) });
        seen.push(...page.items.map((event) => event.id));
        cursor = page.nextCursor ?? undefined;
        await service.api.signIn({ email, password: PASSWORD });
      } while (cursor !== undefined);
      expect(seen).toEqual(whole);
    });

    it('by a cursor of this very list alone', async () => {
      const { id, email } = await user();
      await service.api.signIn({ email, password: PASSWORD });
      const { nextCursor } = await list({ userId: id, limit: '1' });
      if (nextCursor === null) throw new Error('there is one page only');
      const altered = `${nextCursor.slice(0, -1)}${nextCursor.endsWith('A') ? 'B' : 'A'}`;
      for (const query of [
        { userId: id, cursor: altered },
        { cursor: nextCursor },
        { userId: adminId, cursor: nextCursor },
      ])
        expect(fieldsOf(await list({ ...query, limit: '1' }))).toEqual(['cursor']);
    });

    it.each([
      ['userId', '1'],
      ['userId', "' OR true --"],
      ['type', 'nothing'],
      ['type', ''],
      ['from', 'yesterday'],
      ['to', '2026-02-30T00:00:00Z'],
      ['limit', '101'],
      ['actorId', '0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2'],
    ])('and %s=%s is refused', async (field, value) => {
      expect(fieldsOf(await list({ [field]: value }))).toEqual([field]);
    });
  });

  describe('of an account', () => {
    const mine = async (token: string, query = ''): Promise<EventList> =>
      (await service.api.get<EventList>(`/api/me/events${query}`, token)).body;

    it('is its owner’s to read, and nobody else’s is', async () => {
      const one = await user();
      const other = await user();
      const { items } = await mine(one.tokens.accessToken);
      expect(items.map(({ type, userId }) => [type, userId])).toEqual([
        ['authn_login_success', one.id],
        ['user_created', one.id],
      ]);
      const { nextCursor } = await mine(one.tokens.accessToken, '?limit=1');
      const foreign = await mine(other.tokens.accessToken, `?limit=1&cursor=${nextCursor ?? ''}`);
      expect(fieldsOf(foreign)).toEqual(['cursor']);
      expect(fieldsOf(await mine(one.tokens.accessToken, `?userId=${other.id}`))).toEqual(['userId']);
      expectProblem(await service.api.get('/api/me/events'), 401, 'token_missing');
    });

    it('tells its owner that an admin did something, but neither why nor from where', async () => {
      const { id, email, tokens } = await user();
      const other = await service.api.signIn({ email, password: PASSWORD });
      await service.api.delete(`/api/admin/sessions/${other.sessionId}?reason=secret+suspicion`, admin.accessToken);
      const [event] = (await mine(tokens.accessToken)).items;
      expect(event).toMatchObject({
        ...{ type: 'session_revoked', userId: id, actorId: adminId, outcome: 'success' },
        ...{ ip: null, userAgent: null, requestId: null, sessionId: null, details: {} },
      });
    });

    it('stays when the account is deleted, without anything that says whose it was', async () => {
      const { id, email, tokens } = await user();
      expect((await service.api.post('/api/me/delete', { password: PASSWORD }, tokens.accessToken)).status).toBe(204);
      const { items } = await list({ userId: id });
      expect(items.map(({ type }) => type)).toContain('user_deleted');
      expect(JSON.stringify(items)).not.toContain(email);
    });
  });

  describe('is exported', () => {
    const exported = async (query = ''): Promise<{ status: number; type: string | null; lines: EventBody[] }> => {
      const answer = await service.api.get(`/api/admin/events/export${query}`, admin.accessToken);
      const lines = answer.text.split('\n').filter((line) => line !== '');
      return {
        status: answer.status,
        type: answer.headers.get('content-type'),
        lines: lines.map((line) => JSON.parse(line) as EventBody),
      };
    };

    it('as one JSON object a line, oldest first, the same as in the list; and that is an event', async () => {
      const { id, email } = await user();
      await service.api.signIn({ email, password: PASSWORD });
      const { status, type, lines } = await exported(`?userId=${id}`);
      expect([status, type]).toEqual([200, 'application/x-ndjson']);
      expect(lines.toReversed()).toEqual((await list({ userId: id })).items);
      const [event] = await of('audit_exported', adminId);
      expect(event).toMatchObject({ outcome: 'success', details: { ofUser: id, ofType: null, from: null, to: null } });
    });

    it('whole, over many pages, and with nothing where nothing matches', async () => {
      await service.sql(
        `INSERT INTO audit_events (id, type, at, outcome, count, details, mac)
         SELECT ('0190' || lpad(to_hex(n), 8, '0') || '70008000000000000000')::uuid, 'user_updated', '2024-06-01', 'success', 1, '{}', sha256('')
         FROM generate_series(1, 1700) n`,
      );
      const { lines } = await exported('?type=user_updated&to=2025-01-01T00:00:00Z');
      expect(new Set(lines.map(({ id }) => id)).size).toBe(1_700);
      expect(lines.map(({ id }) => id)).toEqual(lines.map(({ id }) => id).sort());
      expect((await exported('?from=2999-01-01T00:00:00Z')).lines).toEqual([]);
    });

    it('not to whoever is no admin, nor by a filter that there is not', async () => {
      const { tokens } = await user();
      expectProblem(await service.api.get('/api/admin/events/export', tokens.accessToken), 403, 'forbidden');
      expectProblem(
        await service.api.get('/api/admin/events/export?limit=5', admin.accessToken),
        400,
        'validation_failed',
      );
    });
  });
});

describe('the seals of a running service', () => {
  const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: secrets });
  });
  afterAll(() => service.close());

  it('are at most a second behind, and an admin can have them verified', async () => {
    const admin = await service.api.signIn(ADMIN);
    await eventually(async () => {
      expect(await service.sql('SELECT 1 FROM audit_unsealed')).toEqual([]);
    }, 1_000);
    const answer = await service.api.get<{ checkpoint: { events: number; head: string } }>(
      ...(['/api/admin/events/verify', admin.accessToken] as const),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      intact: true,
      events: expect.any(Number) as number,
      head: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      firstBroken: null,
      checkpoint: expect.objectContaining({ seals: expect.any(Number) as number }) as object,
    });
  });

  it('tell an admin which event was changed first', async () => {
    const admin = await service.api.signIn(ADMIN);
    await service.app.get(EventSealer, { strict: false }).seal();
    const [event] = await service.sql<{ id: string }>('SELECT id FROM audit_events ORDER BY id DESC LIMIT 1');
    await service.sql('ALTER TABLE audit_events DISABLE TRIGGER USER');
    await service.sql(`UPDATE audit_events SET outcome = 'failure' WHERE id = $1`, [event?.id]);
    await service.sql('ALTER TABLE audit_events ENABLE TRIGGER USER');
    const { body } = await service.api.get('/api/admin/events/verify', admin.accessToken);
    expect(body).toMatchObject({ intact: false, firstBroken: { problem: 'event_changed', eventId: event?.id } });
  });

  it('cover what was counted until the service stopped', async () => {
    const stopped = await startTestApp({ database: service.database, env: secrets });
    const email = 'stops@example.com';
    for (let tried = 0; tried < 3; tried += 1) await stopped.api.post('/api/login', { email, password: WRONG });
    await stopped.close();
    const counted = await service.sql<{ count: number }>(
      `SELECT count FROM audit_events WHERE type = 'authn_login_fail' ORDER BY id`,
    );
    expect(counted.map(({ count }) => count)).toEqual([1, 2]);
  });
});

describe('limits on requests', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: { RATE_LIMIT: 'on' } });
  });
  afterAll(() => service.close());

  it('are events too where they are exceeded: one at once, the rest counted, and nobody waits for them', async () => {
    const statuses: number[] = [];
    for (let sent = 0; sent < 13; sent += 1)
      statuses.push((await service.api.post('/api/password/forgot', { email: 'a@example.com' })).status);
    expect(statuses.slice(-3)).toEqual([429, 429, 429]);
    const events = (): Promise<{ count: number; details: unknown }[]> =>
      service.sql(`SELECT count, details FROM audit_events WHERE type = 'excess_rate_limit_exceeded' ORDER BY id`);
    const details = { route: 'POST /api/password/forgot', limit: 'register-requests' };
    await eventually(async () => {
      expect(await events()).toEqual([{ count: 1, details }]);
    });
    await service.app.get(Refusals, { strict: false }).flush();
    expect(await events()).toEqual([
      { count: 1, details },
      { count: 2, details },
    ]);
  });
});
