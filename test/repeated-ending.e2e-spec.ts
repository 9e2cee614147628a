import { decodeJwt } from 'jose';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { onServer } from './support/database.js';
import { startSeparateInstance } from './support/separate-instance.js';
import { ADMIN, randomSecret } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
/** The second instance may have looked by itself just then, once in some 20 times. */
const ROUNDS = 3;

const env = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
let first: Awaited<ReturnType<typeof startSeparateInstance>>;
/** It hears no signal, and looks every half second: what the first has ended, it learns late. */
let second: typeof first;
let admin: Tokens;
let users = 0;

beforeAll(async () => {
  first = await startSeparateInstance({ env });
  second = await startSeparateInstance({ env: { ...env, DATABASE_POOLER: 'transaction' }, database: first.database });
});
afterAll(async () => {
  await second.close();
  await first.close();
});
beforeEach(async () => {
  admin = await first.api.signIn(ADMIN);
});

const newUser = (): Promise<Tokens> => first.api.newUser(`repeated${(users += 1)}@example.com`, PASSWORD);
const pathOf = ({ accessToken }: Tokens): string => `/api/admin/users/${decodeJwt(accessToken).sub ?? ''}`;
const verdictAtSecond = async ({ accessToken }: Tokens): Promise<string> => {
  const { status, body } = await second.api.get<Problem | undefined>('/api/protected', accessToken);
  return status === 200 ? 'granted' : (body?.code ?? String(status));
};

type Call = (target: Tokens, at: typeof first) => Promise<Answer<unknown>>;
const change =
  (json: unknown): Call =>
  (target, { api }) =>
    api.send('PATCH', pathOf(target), { json, token: admin.accessToken });
const resetSecondFactor: Call = (target, { api }) => api.post(`${pathOf(target)}/mfa-reset`, {}, admin.accessToken);
const remove: Call = (target, { api }) => api.delete(pathOf(target), admin.accessToken);
const endSessions: Call = (target, { api }) => api.delete(`${pathOf(target)}/sessions`, admin.accessToken);
const endSession: Call = (target, { api }) => api.delete(`/api/admin/sessions/${target.sessionId}`, admin.accessToken);
const endMany: Call = (target, { api }) =>
  api.post('/api/admin/sessions/revoke', { userId: decodeJwt(target.accessToken).sub }, admin.accessToken);
const signOut: Call = (target, { api }) => api.post('/api/logout', {}, target.accessToken);
const signOutEverywhere: Call = (target, { api }) => api.post('/api/logout/all', {}, target.accessToken);
/** The caller's own session is spared, and goes on in the new era. */
const endEveryones: Call = async (_target, { api }) => {
  const answer = await api.post('/api/admin/sessions/revoke', { all: true }, admin.accessToken);
  admin = (await api.refresh(admin.refreshToken)).body;
  return answer;
};
/** As long as this is held, no row says that its session has ended with everyone's. */
const HOLD_SWEEP = `SELECT pg_advisory_lock(x'65726173'::int)`;

async function newUserWithRole(): Promise<Tokens> {
  const target = await newUser();
  expect((await change({ roles: ['support'] })(target, first)).status).toBe(200);
  const { status, body } = await first.api.refresh(target.refreshToken);
  expect(status).toBe(200);
  return body;
}
async function newUserWithFactor(): Promise<Tokens> {
  const target = await newUser();
  const begun = await first.api.post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, target.accessToken);
  const code = new Authenticator(begun.body.secret, first.clock).code();
  expect((await first.api.post('/api/me/totp/confirm', { code }, target.accessToken)).status).toBe(200);
  return target;
}
const whileRowsSayNothing = (work: () => Promise<void>): Promise<void> =>
  onServer(async (query) => {
    await query(HOLD_SWEEP);
    await work();
  }, first.database.url);

describe('an ending that another instance has answered a moment ago', () => {
  it.each<[string, { first: Call; again: Call; expected: [answer: number, code: string] }]>([
    ['of roles', { first: change({ roles: [] }), again: change({ roles: [] }), expected: [200, 'token_stale'] }],
    [
      'of roles, with something else that does change',
      { first: change({ roles: [] }), again: change({ roles: [], name: 'Ada' }), expected: [200, 'token_stale'] },
    ],
    [
      'of an account, disabled',
      { first: change({ disabled: true }), again: change({ disabled: true }), expected: [200, 'token_revoked'] },
    ],
    ['of a second factor', { first: resetSecondFactor, again: resetSecondFactor, expected: [204, 'token_revoked'] }],
    ['of an account, deleted', { first: remove, again: remove, expected: [404, 'token_revoked'] }],
    ['of a session', { first: endSession, again: endSession, expected: [204, 'token_revoked'] }],
    ["of a user's sessions", { first: endSessions, again: endSessions, expected: [200, 'token_revoked'] }],
    ['of sessions by a filter', { first: endMany, again: endMany, expected: [200, 'token_revoked'] }],
    [
      'of everyone’s, before those of one',
      { first: endEveryones, again: endSessions, expected: [200, 'token_revoked'] },
    ],
    ['of everyone’s, before one', { first: endEveryones, again: endSession, expected: [204, 'token_revoked'] }],
    ['of an account, before its sign-out', { first: remove, again: signOut, expected: [204, 'token_revoked'] }],
    [
      'of an account, before its sign-out everywhere',
      { first: remove, again: signOutEverywhere, expected: [204, 'token_revoked'] },
    ],
  ])('is refused here as soon as it is asked for here again: %s', async (_what, { first: end, again, expected }) => {
    const askAgain = async (): Promise<void> => {
      const target = await (end === resetSecondFactor ? newUserWithFactor() : newUserWithRole());
      expect(await verdictAtSecond(target)).toBe('granted');
      expect((await end(target, first)).status).toBeLessThan(300);
      const repeated = await again(target, second);
      const verdict = await verdictAtSecond(target);
      // It may have heard before it was asked.
      if (repeated.status !== 401) expect([repeated.status, verdict]).toEqual(expected);
    };
    for (let round = 0; round < ROUNDS; round += 1) await whileRowsSayNothing(askAgain);
  });

  it('is refused here once this has said that there is no such session: it went with its account', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const target = await newUser();
      expect((await remove(target, first)).status).toBe(204);
      const answer = await endSession(target, second);
      const verdict = await verdictAtSecond(target);
      expect([answer.status, verdict]).toEqual([404, 'token_revoked']);
    }
  });
});
