import type { Answer, Problem, Tokens } from './support/api.js';
import { heldOpen } from './support/database-locks.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';

/** The guard lets a call in, which then waits behind the one that takes its caller's rights away. */
describe('a call of an admin that is under way when its caller is one no more', () => {
  let service: TestApp;
  let admin: Tokens;
  let count = 0;

  beforeAll(async () => {
    service = await startTestApp();
    admin = await service.api.signIn(ADMIN);
  });
  afterAll(() => service.close());

  const account = async (roles: readonly string[] = []): Promise<{ id: string; tokens: Tokens }> => {
    const email = `late${++count}@example.com`;
    const first = await service.api.newUser(email, PASSWORD);
    const { id } = (await service.api.get<{ id: string }>('/api/me', first.accessToken)).body;
    if (roles.length === 0) return { id, tokens: first };
    await patch(id, { roles }, admin.accessToken);
    return { id, tokens: await service.api.signIn({ email, password: PASSWORD }) };
  };
  const patch = (id: string, json: unknown, token: string): Promise<Answer<Problem>> =>
    service.api.send<Problem>('PATCH', `/api/admin/users/${id}`, { json, token });
  /** Takes the rights away in a transaction that is open, starts the call, and commits once that waits. */
  const late = (id: string, change: string, call: () => Promise<Answer<Problem>>): Promise<Answer<Problem>> =>
    heldOpen(service, [`UPDATE users SET ${change}, ver = ver + 1 WHERE id = $1`, [id]], call);
  const rightsOf = async (id: string): Promise<unknown> =>
    (await service.sql('SELECT roles, disabled_at IS NOT NULL AS disabled FROM users WHERE id = $1', [id]))[0];

  it('does not give them back to itself', async () => {
    const { id, tokens } = await account(['admin']);
    const answer = await late(id, `roles = '{}'`, () => patch(id, { roles: ['admin'] }, tokens.accessToken));
    expect([answer.status, answer.body.code]).toEqual([401, 'token_stale']);
    expect(await rightsOf(id)).toEqual({ roles: [], disabled: false });
  });

  it('does not enable itself again', async () => {
    const { id, tokens } = await account(['admin']);
    const answer = await late(id, 'disabled_at = now()', () => patch(id, { disabled: false }, tokens.accessToken));
    expect([answer.status, answer.body.code]).toEqual([401, 'token_stale']);
    expect(await rightsOf(id)).toEqual({ roles: ['admin'], disabled: true });
  });

  it('makes nobody else an admin, invites none, and deletes none', async () => {
    const { id, tokens } = await account(['admin']);
    const other = await account();
    // Passes the guard by the token alone, since no instance has been told.
    await service.sql(`UPDATE users SET roles = '{}' WHERE id = $1`, [id]);
    const calls = [
      patch(other.id, { roles: ['admin'] }, tokens.accessToken),
      service.api.post<Problem>('/api/admin/users', { email: 'x@example.com', roles: ['admin'] }, tokens.accessToken),
      service.api.delete<Problem>(`/api/admin/users/${other.id}`, tokens.accessToken),
      service.api.post<Problem>(`/api/admin/users/${other.id}/mfa-reset`, {}, tokens.accessToken),
      service.api.post<Problem>('/api/admin/sessions/revoke', { userId: other.id }, tokens.accessToken),
      service.api.post<Problem>('/api/admin/sessions/revoke', { all: true }, tokens.accessToken),
      service.api.post<Problem>('/api/admin/clients', { name: 'back door' }, tokens.accessToken),
      service.api.post<Problem>('/api/admin/keys/rotate', { emergency: true }, tokens.accessToken),
    ];
    for (const answer of await Promise.all(calls))
      expect([answer.status, answer.body.code]).toEqual([401, 'token_stale']);
    expect(await rightsOf(other.id)).toEqual({ roles: [], disabled: false });
    expect(await service.sql('SELECT 1 FROM service_clients')).toEqual([]);
    expect(await service.sql(`SELECT 1 FROM users WHERE email = 'x@example.com'`)).toEqual([]);
    expect((await service.api.get('/api/me', other.tokens.accessToken)).status).toBe(200);
  });

  it('is answered as ended where its session is', async () => {
    const { tokens } = await account(['admin']);
    const other = await account();
    await service.sql(`UPDATE sessions SET revoked_at = now(), revoked_reason = 'test' WHERE id = $1`, [
      tokens.sessionId,
    ]);
    const answer = await patch(other.id, { roles: ['admin'] }, tokens.accessToken);
    expect([answer.status, answer.body.code]).toEqual([401, 'token_revoked']);
  });
});
