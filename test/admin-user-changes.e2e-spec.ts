import { MailSender } from '../src/mail/mail-sender.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { heldOpen } from './support/database-locks.js';
import { onServer } from './support/database.js';
import { eventually } from './support/eventually.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const NOBODY = '0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2';

interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly disabled: boolean;
}
interface RecordedEvent {
  readonly type: string;
  readonly actor_id: string | null;
  readonly session_id: string | null;
  readonly request_id: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

let service: TestApp;
let mailbox: Mailbox;
let admin: Tokens & { readonly id: string };
let users = 0;

beforeAll(async () => {
  service = await startTestApp();
  mailbox = Mailbox.of(service);
});
beforeEach(async () => {
  const tokens = await service.api.signIn(ADMIN);
  admin = { ...tokens, id: (await service.api.get<User>('/api/me', tokens.accessToken)).body.id };
});
afterAll(() => service.close());

const user = async (): Promise<User & { readonly tokens: Tokens }> => {
  const tokens = await service.api.newUser(`user${++users}@example.com`, PASSWORD);
  return { ...(await service.api.get<User>('/api/me', tokens.accessToken)).body, tokens };
};
const change = (id: string, json: unknown, token = admin.accessToken): Promise<Answer<User & Problem>> =>
  service.api.send('PATCH', `/api/admin/users/${id}`, { json, token });
const changed = async (id: string, json: unknown): Promise<User> => {
  const answer = await change(id, json);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return answer.body;
};
const me = ({ accessToken }: Tokens): Promise<Answer<User & Problem>> => service.api.get('/api/me', accessToken);
const login = ({ email }: User): Promise<Answer<Tokens & Problem & { mfaToken: string }>> =>
  service.api.post('/api/login', { email, password: PASSWORD });
/** What was done to an account by an admin, oldest first. */
const events = (id: string): Promise<RecordedEvent[]> =>
  service.sql(
    `SELECT type, actor_id, session_id, request_id, details FROM audit_events
     WHERE user_id = $1 AND type IN ('authz_change', 'user_disabled', 'user_enabled', 'user_updated', 'user_deleted') ORDER BY id`,
    [id],
  );
const versions = async (id: string): Promise<unknown> =>
  (await service.sql('SELECT ver, credential_version FROM users WHERE id = $1', [id]))[0];
const feedOf = (id: string): Promise<unknown[]> => service.sql('SELECT 1 FROM revocations WHERE subject = $1', [id]);

describe('roles', () => {
  it('are replaced: tokens that say otherwise are stale at once, and a refresh has the new ones', async () => {
    const { id, tokens } = await user();
    expect(await changed(id, { roles: ['support', 'sales', 'support'] })).toMatchObject({
      id,
      roles: ['support', 'sales'],
    });
    expectProblem(await me(tokens), 401, 'token_stale');
    const refreshed = await service.api.refresh(tokens.refreshToken);
    expect(refreshed.status).toBe(200);
    const { body } = await service.api.get('/api/protected', refreshed.body.accessToken);
    expect(body).toMatchObject({ user: { roles: ['support', 'sales'] } });

    await changed(id, { roles: ['sales', 'billing'] });
    expectProblem(await me(refreshed.body), 401, 'token_stale');
    expect(await events(id)).toMatchObject([
      { type: 'authz_change', details: { added: 'support,sales', removed: null } },
      { type: 'authz_change', details: { added: 'billing', removed: 'support' } },
    ]);
  });

  it('make an admin, and take it back: at once, and also from a token that was refreshed', async () => {
    const { id, tokens } = await user();
    expectProblem(await service.api.get('/api/admin/users', tokens.accessToken), 403, 'forbidden');
    await changed(id, { roles: ['admin'] });
    expectProblem(await service.api.get('/api/admin/users', tokens.accessToken), 401, 'token_stale');
    const { body: promoted } = await service.api.refresh(tokens.refreshToken);
    expect((await service.api.get('/api/admin/users', promoted.accessToken)).status).toBe(200);
    await changed(id, { roles: [] });
    expectProblem(await service.api.get('/api/admin/users', promoted.accessToken), 401, 'token_stale');
    const { body: demoted } = await service.api.refresh(promoted.refreshToken);
    expectProblem(await service.api.get('/api/admin/users', demoted.accessToken), 403, 'forbidden');
  });

  it('name who changed them, from which session, in the event', async () => {
    const { id } = await user();
    const answer = await change(id, { roles: ['support'] });
    expect(await events(id)).toEqual([
      {
        type: 'authz_change',
        actor_id: admin.id,
        session_id: admin.sessionId,
        request_id: answer.headers.get('x-request-id'),
        details: { added: 'support', removed: null },
      },
    ]);
  });

  it('of two calls at the same moment are those of the later one, and each event tells what it really changed', async () => {
    const { id } = await user();
    const sets = [['a', 'b'], ['b', 'c'], ['c', 'a'], ['d']];
    await Promise.all(sets.map((roles) => changed(id, { roles })));
    const told = (await events(id)).map(({ details }) => details);
    const timesIn = (member: 'added' | 'removed', role: string): number =>
      told.filter(({ [member]: roles }) => typeof roles === 'string' && roles.split(',').includes(role)).length;
    const held = ['a', 'b', 'c', 'd'].filter((role) => timesIn('added', role) - timesIn('removed', role) === 1);
    const { body } = await service.api.get<User>(`/api/admin/users/${id}`, admin.accessToken);
    expect([...body.roles].sort()).toEqual(held);
    expect(told).toHaveLength(4);
  });

  it('of a sign-in under way are those of before or after, never of before for longer than a request', async () => {
    const target = await user();
    const signedIn = await heldOpen(service, ['SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [target.id]], () =>
      Promise.all([login(target), change(target.id, { roles: ['support'] })]),
    );
    expect(signedIn.map(({ status }) => status)).toEqual([200, 200]);
    const answer = await service.api.get<Problem>('/api/protected', signedIn[0].body.accessToken);
    if (answer.status === 200) expect(answer.body).toMatchObject({ user: { roles: ['support'] } });
    else expectProblem(answer, 401, 'token_stale');
  });
});

describe('a disabled account', () => {
  it('has no session, no token and no sign-in any more', async () => {
    const target = await user();
    const other = await service.api.signIn({ email: target.email, password: PASSWORD });
    expect(await changed(target.id, { disabled: true })).toMatchObject({ id: target.id, disabled: true });
    for (const tokens of [target.tokens, other]) {
      expectProblem(await me(tokens), 401, 'token_revoked');
      expectProblem(await service.api.refresh(tokens.refreshToken), 401, 'session_revoked');
    }
    expectProblem(await login(target), 403, 'account_disabled');
    const wrong = await service.api.post('/api/login', { email: target.email, password: `${PASSWORD}!` });
    expectProblem(wrong, 401, 'invalid_credentials');
    expect(
      await service.sql('SELECT DISTINCT revoked_reason AS reason FROM sessions WHERE user_id = $1', [target.id]),
    ).toEqual([{ reason: 'account_disabled' }]);
    expect(await events(target.id)).toMatchObject([{ type: 'user_disabled', actor_id: admin.id }]);
  });

  it('is let in anew once it is enabled again; nothing of before comes back', async () => {
    const target = await user();
    await changed(target.id, { disabled: true });
    expect(await changed(target.id, { disabled: false })).toMatchObject({ disabled: false });
    expectProblem(await me(target.tokens), 401, 'token_revoked');
    expectProblem(await service.api.refresh(target.tokens.refreshToken), 401, 'session_revoked');
    const signedIn = await login(target);
    expect(signedIn.status).toBe(200);
    expect((await me(signedIn.body)).status).toBe(200);
    expect((await events(target.id)).map(({ type }) => type)).toEqual(['user_disabled', 'user_enabled']);
  });

  it('is opened neither by a second step under way nor by a link, also once it is enabled again', async () => {
    const target = await user();
    const { body } = await service.api.post<{ secret: string }>(
      ...(['/api/me/totp', { password: PASSWORD }, target.tokens.accessToken] as const),
    );
    const app = new Authenticator(body.secret, service.clock);
    await service.api.post('/api/me/totp/confirm', { code: app.code() }, target.tokens.accessToken);
    const { mfaToken } = (await login(target)).body;
    await service.api.post('/api/password/forgot', { email: target.email });
    const reset = await mailbox.eventuallyMail(target.email, 'password_reset');
    const verify = await mailbox.eventuallyMail(target.email, 'verify_email');
    const tryAll = async (): Promise<void> => {
      const code = app.nextCode();
      expectProblem(await service.api.post('/api/login/mfa', { mfaToken, code }), 401, 'mfa_invalid');
      const chosen = { token: reset.token, password: 'eight noisy badgers resting' };
      expectProblem(await service.api.post('/api/password/reset', chosen), 400, 'link_invalid');
      expectProblem(await service.api.post('/api/email/verify', { token: verify.token }), 400, 'link_invalid');
    };
    await changed(target.id, { disabled: true });
    await tryAll();
    await changed(target.id, { disabled: false });
    await tryAll();
  });

  it('opens no session for a sign-in whose password was right before, though it is enabled again by then', async () => {
    const target = await user();
    const waiting = (count: number): Promise<void> =>
      eventually(async () => {
        const [found] = await service.sql<{ count: number }>(
          `SELECT count(*)::int FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ '\\musers\\M'`,
        );
        expect(found?.count).toBe(count);
      });
    const answers = await onServer(async (query) => {
      await query('BEGIN');
      await query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [target.id]);
      const disabling = change(target.id, { disabled: true });
      await waiting(1);
      const enabling = change(target.id, { disabled: false });
      await waiting(2);
      const signingIn = login(target);
      await waiting(3);
      await query('COMMIT');
      return Promise.all([disabling, enabling, signingIn]);
    }, service.database.url);
    expect(answers.slice(0, 2).map(({ body }) => body)).toMatchObject([{ disabled: true }, { disabled: false }]);
    expectProblem(answers[2], 401, 'invalid_credentials');
    expect((await login(target)).status).toBe(200);
  });

  it('has no session however many sign-ins race with its end', async () => {
    const target = await user();
    const answers = await Promise.all([
      ...[login(target), login(target)],
      change(target.id, { disabled: true }),
      ...[login(target), login(target)],
    ]);
    expect(answers[2]?.status).toBe(200);
    for (const { status, body } of answers.filter((_answer, at) => at !== 2) as Answer<Tokens & Problem>[]) {
      if (status === 200) {
        expectProblem(await me(body), 401, 'token_revoked');
        expectProblem(await service.api.refresh(body.refreshToken), 401, 'session_revoked');
      } else expect(['account_disabled', 'invalid_credentials']).toContain(body.code);
    }
    const live = await service.sql('SELECT 1 FROM sessions WHERE user_id = $1 AND revoked_at IS NULL', [target.id]);
    expect(live).toEqual([]);
  });

  it('is disabled once, however many do it at the same moment', async () => {
    const { id } = await user();
    const before = (await feedOf(id)).length;
    await Promise.all(Array.from({ length: 5 }, () => changed(id, { disabled: true })));
    expect((await events(id)).map(({ type }) => type)).toEqual(['user_disabled']);
    expect(await feedOf(id)).toHaveLength(before + 1);
  });
});

describe('a change by an admin', () => {
  it('gives and clears a name, which no event tells', async () => {
    const { id, tokens } = await user();
    expect(await changed(id, { name: ' Ada  Lovelace ' })).toMatchObject({ name: 'Ada  Lovelace' });
    expect((await me(tokens)).body).toMatchObject({ name: 'Ada  Lovelace' });
    expect(await changed(id, { name: null })).toMatchObject({ name: null });
    const told = await events(id);
    expect(told).toMatchObject([{ type: 'user_updated', actor_id: admin.id }, { type: 'user_updated' }]);
    expect(JSON.stringify(told)).not.toMatch(/ada/i);
  });

  it('is all or nothing, with an event for each part', async () => {
    const { id } = await user();
    expect(await changed(id, { name: 'Ada', roles: ['admin'], disabled: true })).toMatchObject({
      ...{ name: 'Ada', roles: ['admin'], disabled: true },
    });
    const told = (await events(id)).map(({ type }) => type).sort();
    expect(told).toEqual(['authz_change', 'user_disabled', 'user_updated']);
    expectProblem(await change(admin.id, { name: 'Nobody', disabled: true }), 409, 'last_admin');
    expect((await service.api.get('/api/me', admin.accessToken)).body).toMatchObject({ name: null, disabled: false });
  });

  it.each([{}, { roles: [] }, { disabled: false }, { name: null }, { roles: [], disabled: false, name: null }])(
    'that changes nothing leaves tokens, versions and events as they are: %j',
    async (json) => {
      const target = await user();
      const before = [await versions(target.id), await feedOf(target.id)];
      const { tokens, ...account } = target;
      expect(await changed(target.id, json)).toEqual(account);
      expect([await versions(target.id), await feedOf(target.id)]).toEqual(before);
      expect(await events(target.id)).toEqual([]);
      expect((await me(tokens)).status).toBe(200);
    },
  );

  it('is none where the same is set in another order, or once more', async () => {
    const { id, tokens } = await user();
    await changed(id, { roles: ['a', 'b'], name: 'Ada', disabled: true });
    const [before, told] = [await versions(id), await events(id)];
    const again = await changed(id, { roles: ['b', 'a', 'b'], name: ' Ada ', disabled: true });
    expect(again).toMatchObject({ roles: ['a', 'b'], name: 'Ada', disabled: true });
    expect([await versions(id), await events(id)]).toEqual([before, told]);
    expectProblem(await me(tokens), 401, 'token_revoked');
  });

  it('mails nobody', async () => {
    const target = await user();
    await changed(target.id, { roles: ['admin'], name: 'Ada', disabled: true });
    await changed(target.id, { disabled: false });
    await service.app.get(MailSender, { strict: false }).drain();
    expect(await mailbox.mailTo(target.email, 'account_deleted')).toEqual([]);
    const about = (await mailbox.mailTo(target.email)).map(({ subject }) => subject);
    expect(about.filter((subject) => !/sign|confirm|address/i.test(subject))).toEqual([]);
  });

  it.each([
    [{ password: PASSWORD }, ['password']],
    [{ email: 'other@example.com' }, ['email']],
    [{ emailVerified: true, mfaEnabled: false, id: NOBODY }, ['emailVerified', 'id', 'mfaEnabled']],
    [{ ver: 1 }, ['ver']],
    [{ roles: null }, ['roles']],
    [{ roles: 'admin' }, ['roles']],
    [{ roles: { 0: 'admin', length: 1 } }, ['roles']],
    [{ roles: ['Admin'] }, ['roles']],
    [{ roles: ['admin,support'] }, ['roles']],
    [{ roles: ['a'.repeat(33)] }, ['roles']],
    [{ roles: Array.from({ length: 17 }, (_, at) => `r${at}`) }, ['roles']],
    [{ roles: [['admin']] }, ['roles']],
    [{ disabled: null }, ['disabled']],
    [{ disabled: 'true' }, ['disabled']],
    [{ disabled: 1, name: '' }, ['disabled', 'name']],
    [{ name: 'a\u202eb' }, ['name']],
    [{ name: 7 }, ['name']],
  ])('is refused where it is %j', async (json, fields) => {
    const { id } = await user();
    expect(fieldsOf(expectProblem(await change(id, json), 400, 'validation_failed'))).toEqual(fields);
    expect(await events(id)).toEqual([]);
  });

  it('finds no user who is not there', async () => {
    for (const id of [NOBODY, 'x']) {
      for (const json of [{}, { roles: ['admin'] }, { disabled: true }]) {
        expectProblem(await change(id, json), 404, 'not_found');
      }
    }
  });

  it('takes sixteen roles, and none', async () => {
    const { id } = await user();
    const roles = Array.from({ length: 16 }, (_, at) => `r${at}`);
    expect((await changed(id, { roles })).roles).toEqual(roles);
    expect((await changed(id, { roles: [] })).roles).toEqual([]);
  });
});
