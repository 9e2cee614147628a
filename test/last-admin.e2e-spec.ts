import { newUserId } from '../src/shared/ids.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const NOBODY = '0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2';
const ABLE = `'admin' = ANY (roles) AND disabled_at IS NULL AND email_verified_at IS NOT NULL AND password_hash IS NOT NULL`;

interface Person extends Tokens {
  readonly id: string;
  readonly email: string;
}
type Lowering = (id: string, token: string) => Promise<Answer<Problem>>;

let service: TestApp;
let hash: string;
let first: Person;
let users = 0;

beforeAll(async () => {
  service = await startTestApp();
  [{ hash } = { hash: '' }] = await service.sql<{ hash: string }>('SELECT password_hash AS hash FROM users');
});
beforeEach(async () => {
  await service.sql('DELETE FROM users');
  first = await person(['admin']);
});
afterAll(() => service.close());

/** Verified, with the password of the first admin, and signed in. */
const person = async (roles: readonly string[] = []): Promise<Person> => {
  const [id, email] = [newUserId(), `user${++users}@example.com`];
  await service.sql(
    `INSERT INTO users (id, email, email_verified_at, password_hash, roles, created_at) VALUES ($1, $2, now(), $3, $4, now())`,
    [id, email, hash, roles],
  );
  return { id, email, ...(await service.api.signIn({ email, password: ADMIN.password })) };
};
const newAdmin = (): Promise<Person> => person(['admin', 'support']);
const patch = (id: string, json: unknown, token: string): Promise<Answer<Problem>> =>
  service.api.send('PATCH', `/api/admin/users/${id}`, { json, token });
const able = async (): Promise<number> => (await service.sql(`SELECT 1 FROM users WHERE ${ABLE}`)).length;

const demote: Lowering = (id, token) => patch(id, { roles: ['support'] }, token);
const disable: Lowering = (id, token) => patch(id, { disabled: true }, token);
const remove: Lowering = (id, token) => service.api.delete(`/api/admin/users/${id}`, token);
const LOWERINGS: readonly [string, Lowering][] = [
  ['demote', demote],
  ['disable', disable],
  ['delete', remove],
];

describe('the last admin', () => {
  it.each(LOWERINGS)('is not one to %s', async (_name, lower) => {
    expectProblem(await lower(first.id, first.accessToken), 409, 'last_admin');
    expect((await service.api.get('/api/admin/users', first.accessToken)).status).toBe(200);
    expect(await able()).toBe(1);
    expect(
      await service.sql(`SELECT 1 FROM audit_events WHERE type ~ '^(authz_change|user_)' AND actor_id = $1`, [
        first.id,
      ]),
    ).toEqual([]);
  });

  it('may have other roles besides, and another name', async () => {
    expect(
      (await patch(first.id, { roles: ['support', 'admin'], name: 'Root', disabled: false }, first.accessToken)).status,
    ).toBe(200);
  });

  it.each([
    ['is disabled', 'UPDATE users SET disabled_at = now() WHERE id = $1'],
    ['is unverified', 'UPDATE users SET email_verified_at = NULL WHERE id = $1'],
    ['has no password yet', 'UPDATE users SET password_hash = NULL WHERE id = $1'],
  ])('is whoever else has the role and %s not being one who can sign in', async (_how, statement) => {
    const other = await newAdmin();
    await service.sql(statement, [other.id]);
    for (const [, lower] of LOWERINGS) expectProblem(await lower(first.id, first.accessToken), 409, 'last_admin');
    for (const [, lower] of LOWERINGS) expect((await lower(other.id, first.accessToken)).status).toBeLessThan(300);
  });

  it.each(LOWERINGS)('is whoever is left after one: to %s oneself is all right before', async (name, lower) => {
    const other = await newAdmin();
    expect((await lower(first.id, first.accessToken)).status).toBeLessThan(300);
    const code = name === 'demote' ? 'token_stale' : 'token_revoked';
    expectProblem(await service.api.get('/api/admin/users', first.accessToken), 401, code);
    expectProblem(await lower(other.id, other.accessToken), 409, 'last_admin');
    expect(await able()).toBe(1);
  });

  const pairs = LOWERINGS.flatMap(([one, lowerOne]) =>
    LOWERINGS.map(([two, lowerTwo]) => ({ name: `${one} and ${two}`, lowerOne, lowerTwo })),
  );
  it.each(pairs)('is left in a race of two who $name each other', async ({ lowerOne, lowerTwo }) => {
    const other = await newAdmin();
    const answers = await Promise.all([lowerOne(other.id, first.accessToken), lowerTwo(first.id, other.accessToken)]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    const [refused] = answers.filter(({ status }) => status >= 300);
    expect(['last_admin', 'token_stale', 'token_revoked']).toContain(refused?.body.code);
    expect(await able()).toBe(1);
  });

  it('is left in a race of everyone against everyone and themselves', async () => {
    const admins = [first, await newAdmin(), await newAdmin(), await newAdmin()];
    const calls = admins.flatMap(({ accessToken }) =>
      admins.flatMap(({ id }) => LOWERINGS.map(([, lower]) => lower(id, accessToken))),
    );
    const answers = await Promise.all(calls);
    expect(await able()).toBe(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });

  it('is left where one of two deletes its own account while the other is demoted', async () => {
    const other = await newAdmin();
    const answers = await Promise.all([
      service.api.post<Problem>('/api/me/delete', { password: ADMIN.password }, first.accessToken),
      demote(other.id, first.accessToken),
      service.api.post<Problem>('/api/me/delete', { password: ADMIN.password }, other.accessToken),
    ]);
    expect(await able()).toBe(1);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  });
});

describe('a deletion by an admin', () => {
  it('takes the account with its sessions, and tells its owner', async () => {
    const target = await person();
    const answer = await remove(target.id, first.accessToken);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expectProblem(await service.api.get('/api/me', target.accessToken), 401, 'token_revoked');
    expect((await service.api.refresh(target.refreshToken)).status).toBe(401);
    const credentials = { email: target.email, password: ADMIN.password };
    expectProblem(await service.api.post('/api/login', credentials), 401, 'invalid_credentials');
    expectProblem(await service.api.get(`/api/admin/users/${target.id}`, first.accessToken), 404, 'not_found');
    expectProblem(await remove(target.id, first.accessToken), 404, 'not_found');
    const mail = await Mailbox.of(service).eventuallyMail(target.email, 'account_deleted');
    expect(mail.text).toContain('an administrator of');
    expect(mail.text).not.toMatch(/network address/);
    expect(
      await service.sql('SELECT actor_id, session_id, details FROM audit_events WHERE user_id = $1 AND type = $2', [
        target.id,
        'user_deleted',
      ]),
    ).toEqual([{ actor_id: first.id, session_id: first.sessionId, details: { reason: null } }]);
    await service.api.newUser(target.email);
  });

  it('is made once, however many make it at the same moment', async () => {
    const target = await person();
    const answers = await Promise.all(Array.from({ length: 5 }, () => remove(target.id, first.accessToken)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
    const told = await service.sql('SELECT 1 FROM audit_events WHERE user_id = $1 AND type = $2', [
      target.id,
      'user_deleted',
    ]);
    expect(told).toHaveLength(1);
  });

  it('finds no user who is not there', async () => {
    for (const id of [NOBODY, 'x']) expectProblem(await remove(id, first.accessToken), 404, 'not_found');
  });
});
