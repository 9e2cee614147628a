import { Refusals } from '../src/audit/refusals.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { expectProblem } from './support/problem.js';
import { declaredRoutes, nameOf } from './support/routes.js';
import type { Route } from './support/routes.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';

/** What an admin sends to each route, in an order in which each finds what it needs; `:id` is of `needs`. */
const CALLS: Readonly<Record<string, { json?: unknown; needs?: 'user' | 'session' | 'client'; status: number }>> = {
  'GET /api/admin/users': { status: 200 },
  'POST /api/admin/users': { json: { email: 'invited@example.com' }, status: 201 },
  'GET /api/admin/users/:id': { needs: 'user', status: 200 },
  'PATCH /api/admin/users/:id': { needs: 'user', json: { name: 'Ada' }, status: 200 },
  'POST /api/admin/users/:id/unlock': { needs: 'user', json: {}, status: 204 },
  'POST /api/admin/users/:id/password-reset': { needs: 'user', json: {}, status: 204 },
  'POST /api/admin/users/:id/mfa-reset': { needs: 'user', json: {}, status: 204 },
  'POST /api/admin/users/:id/invite': { needs: 'user', json: {}, status: 204 },
  'GET /api/admin/sessions': { status: 200 },
  'GET /api/admin/sessions/:id': { needs: 'session', status: 200 },
  'POST /api/admin/sessions/revoke': { json: { active: true, dryRun: true }, status: 200 },
  'DELETE /api/admin/sessions/:id': { needs: 'session', status: 204 },
  'DELETE /api/admin/users/:id/sessions': { needs: 'user', status: 200 },
  'DELETE /api/admin/users/:id': { needs: 'user', status: 204 },
  'GET /api/admin/events': { status: 200 },
  'GET /api/admin/events/export': { status: 200 },
  'GET /api/admin/events/verify': { status: 200 },
  'GET /api/admin/keys': { status: 200 },
  'POST /api/admin/keys/rotate': { json: {}, status: 201 },
  'GET /api/admin/clients': { status: 200 },
  'POST /api/admin/clients': { json: { name: 'orders' }, status: 201 },
  'DELETE /api/admin/clients/:id': { needs: 'client', status: 204 },
  'GET /api/admin/diagnostics/client-ip': { status: 200 },
};

describe('every admin route', () => {
  let service: TestApp;
  let routes: Route[];
  let admin: Tokens;
  const ids = { user: '', session: '', client: '' };
  let user: Tokens;
  let userId: string;

  beforeAll(async () => {
    service = await startTestApp();
    routes = declaredRoutes(service.app).filter(({ path }) => path.startsWith('/api/admin'));
    admin = await service.api.signIn(ADMIN);
    user = await service.api.newUser('user@example.com', PASSWORD);
    userId = await idOf(user);
    const target = await service.api.newUser('target@example.com', PASSWORD);
    ids.user = await idOf(target);
    ids.session = target.sessionId;
    const made = await service.api.post<{ clientId: string }>(
      ...(['/api/admin/clients', { name: 'a' }, admin.accessToken] as const),
    );
    ids.client = made.body.clientId;
  });
  afterAll(() => service.close());

  const idOf = async ({ accessToken }: Tokens): Promise<string> =>
    (await service.api.get<{ id: string }>('/api/me', accessToken)).body.id;
  const call = (name: string, token?: string): Promise<Answer<Problem>> => {
    const [method = '', path = ''] = name.split(' ');
    const { json, needs } = CALLS[name] ?? {};
    const target = needs === undefined ? path : path.replace(':id', ids[needs]);
    return service.api.send<Problem>(method, target, {
      ...(json !== undefined && { json }),
      ...(token !== undefined && { token }),
    });
  };

  it('stands in the table of this test', () => {
    expect(Object.keys(CALLS).sort()).toEqual(routes.map(nameOf).sort());
  });

  it.each(Object.keys(CALLS))('%s asks nobody in without a token', async (name) => {
    expectProblem(await call(name), 401, 'token_missing');
  });

  it.each(Object.keys(CALLS))('%s is forbidden to a user, and that is an event', async (name) => {
    const answer = await call(name, user.accessToken);
    expectProblem(answer, 403, 'forbidden');
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
    const events = await service.sql<{ details: unknown }>(
      `SELECT details FROM audit_events WHERE type = 'authz_fail' AND user_id = $1 ORDER BY id DESC LIMIT 1`,
      [userId],
    );
    const { needs } = CALLS[name] ?? {};
    const target = needs === undefined ? null : ids[needs];
    expect(events).toEqual([{ details: { route: name, reason: 'forbidden', target } }]);
  });

  it('is counted as refused once a user and route within the minute', async () => {
    const refused = (): Promise<{ count: number }[]> =>
      service.sql(`SELECT count FROM audit_events WHERE type = 'authz_fail' AND user_id = $1`, [userId]);
    const before = (await refused()).length;
    for (let again = 0; again < 4; again += 1) await call('GET /api/admin/users', user.accessToken);
    expect(await refused()).toHaveLength(before);
    await service.app.get(Refusals, { strict: false }).flush();
    expect((await refused()).map(({ count }) => count).sort()).toEqual([...Array.from({ length: before }, () => 1), 4]);
  });

  it.each(Object.entries(CALLS))('%s answers an admin, and that is an event', async (name, { status, needs }) => {
    const answer = await call(name, admin.accessToken);
    expect([answer.status, answer.status < 400 ? '' : answer.text]).toEqual([status, '']);
    const [event] = await service.sql<{ details: unknown; request_id: string }>(
      `SELECT details, request_id FROM audit_events WHERE type = 'authz_admin' ORDER BY id DESC LIMIT 1`,
    );
    expect(event).toEqual({
      details: { route: name, target: needs === undefined ? null : ids[needs] },
      request_id: answer.headers.get('x-request-id'),
    });
  });

  it.each(Object.keys(CALLS))('%s asks an admin whose sign-in is old to sign in again', async (name) => {
    service.clock.advance(12 * 60 * 60 + 60);
    const { body } = await service.api.refresh(admin.refreshToken);
    admin = { ...admin, ...body };
    const answer = await call(name, admin.accessToken);
    expectProblem(answer, 401, 'reauth_required');
    expect(answer.headers.get('www-authenticate')).toContain('max_age=43200');
  });
});
