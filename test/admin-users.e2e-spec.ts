import { MailSender } from '../src/mail/mail-sender.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const NOBODY = '0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2';
const DAY = 24 * 60 * 60;
const ACTIONS = ['unlock', 'password-reset', 'mfa-reset', 'invite'] as const;

let users = 0;
const freshAddress = (): string => `user${++users}@example.com`;

describe('an admin', () => {
  let service: TestApp;
  let mailbox: Mailbox;
  let admin: string;

  beforeAll(async () => {
    service = await startTestApp();
    mailbox = Mailbox.of(service);
  });
  beforeEach(async () => {
    admin = (await service.api.signIn(ADMIN)).accessToken;
  });
  afterAll(() => service.close());

  const invite = (json: unknown, token = admin): Promise<Answer<Problem & { id: string }>> =>
    service.api.post('/api/admin/users', json, token);
  const act = (id: string, action: (typeof ACTIONS)[number], json: unknown = {}): Promise<Answer<Problem>> =>
    service.api.post<Problem>(`/api/admin/users/${id}/${action}`, json, admin);
  const user = async (): Promise<{ id: string; email: string; tokens: Tokens }> => {
    const email = freshAddress();
    const tokens = await service.api.newUser(email, PASSWORD);
    const { id } = (await service.api.get<{ id: string }>('/api/me', tokens.accessToken)).body;
    return { id, email, tokens };
  };
  const event = async (type: string, userId: string): Promise<Record<string, unknown> | undefined> =>
    (
      await service.sql<Record<string, unknown>>(
        'SELECT actor_id, details FROM audit_events WHERE type = $1 AND user_id = $2 ORDER BY id DESC LIMIT 1',
        [type, userId],
      )
    )[0];
  const reset = (token: string | undefined): Promise<Answer<Problem>> =>
    service.api.post<Problem>('/api/password/reset', { token, password: PASSWORD });

  it('invites a user, who comes in by the mailed link', async () => {
    const email = freshAddress();
    const answer = await invite({ email: email.toUpperCase(), name: ' Ada ', roles: ['support', 'support'] });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      ...{ email, name: 'Ada', roles: ['support'], emailVerified: false, disabled: false, mfaEnabled: false },
      lastLoginAt: null,
    });
    const mail = await mailbox.eventuallyMail(email, 'invitation');
    expect(mail.link).toMatch(/\/accept-invitation#token=al_/);
    expectProblem(await service.api.post('/api/login', { email, password: PASSWORD }), 401, 'invalid_credentials');
    expect((await reset(mail.token)).status).toBe(200);
    const { accessToken } = await service.api.signIn({ email, password: PASSWORD });
    expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({
      ...{ emailVerified: true, roles: ['support'] },
    });
    expect(await mailbox.mailTo(email, 'password_changed')).toHaveLength(0);
    expect(await event('user_created', answer.body.id)).toMatchObject({ details: { mail: 'invitation' } });
  });

  it('invites for seven days, and again', async () => {
    const email = freshAddress();
    const { id } = (await invite({ email })).body;
    const first = await mailbox.eventuallyMail(email, 'invitation');
    service.clock.advance(7 * DAY);
    expectProblem(await reset(first.token), 400, 'link_invalid');
    admin = (await service.api.signIn(ADMIN)).accessToken;
    expect((await act(id, 'invite')).status).toBe(204);
    expect((await reset((await mailbox.eventuallyMail(email, 'invitation', 2)).token)).status).toBe(200);
  });

  it('sends a link to choose a new password instead, once the invitation was accepted', async () => {
    const { id, email } = await user();
    expect((await act(id, 'invite')).status).toBe(204);
    await mailbox.eventuallyMail(email, 'password_reset');
    expect(await mailbox.mailTo(email, 'invitation')).toHaveLength(0);
  });

  it('is told that an address is taken, also in a race', async () => {
    const { email } = await user();
    expectProblem(await invite({ email }), 409, 'email_taken');
    const other = freshAddress();
    const answers = await Promise.all(Array.from({ length: 4 }, () => invite({ email: other })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  it.each([
    [{}, ['email']],
    [{ email: 'x' }, ['email']],
    [{ email: 'a@example.com', roles: ['Admin'] }, ['roles']],
    [{ email: 'a@example.com', roles: 'admin' }, ['roles']],
    [{ email: 'a@example.com', roles: ['a'.repeat(33)] }, ['roles']],
    [{ email: 'a@example.com', roles: Array.from({ length: 17 }, (_, at) => `r${at}`) }, ['roles']],
    [{ email: 'a@example.com', roles: [1] }, ['roles']],
    [{ email: 'a@example.com', password: PASSWORD }, ['password']],
    [{ email: 'a@example.com', emailVerified: true }, ['emailVerified']],
  ])('invites nobody by %j', async (json, fields) => {
    expect(fieldsOf(expectProblem(await invite(json), 400, 'validation_failed'))).toEqual(fields);
  });

  it('leaves a registration of the invited address to its owner', async () => {
    const email = freshAddress();
    await invite({ email });
    expect((await service.api.post('/api/register', { email, password: PASSWORD })).status).toBe(202);
    expectProblem(await service.api.post('/api/login', { email, password: PASSWORD }), 401, 'invalid_credentials');
  });

  it('has a new password chosen by mail, never sets one', async () => {
    const { id, email, tokens } = await user();
    expect((await act(id, 'password-reset', { reason: 'called the help desk' })).status).toBe(204);
    expect((await service.api.get('/api/me', tokens.accessToken)).status).toBe(200);
    expect((await reset((await mailbox.eventuallyMail(email, 'password_reset')).token)).status).toBe(200);
    expect(await event('user_link_requested', id)).toMatchObject({
      details: { mail: 'password_reset', reason: 'called the help desk' },
    });
  });

  it('takes a lost second factor off, and the owner is told', async () => {
    const { id, email, tokens } = await user();
    const { body } = await service.api.post<{ secret: string }>(
      ...(['/api/me/totp', { password: PASSWORD }, tokens.accessToken] as const),
    );
    const app = new Authenticator(body.secret, service.clock);
    await service.api.post('/api/me/totp/confirm', { code: app.code() }, tokens.accessToken);
    const { mfaToken } = (await service.api.post<{ mfaToken: string }>('/api/login', { email, password: PASSWORD }))
      .body;
    expect((await act(id, 'mfa-reset')).status).toBe(204);
    expectProblem(await service.api.post('/api/login/mfa', { mfaToken, code: app.nextCode() }), 401, 'mfa_invalid');
    expectProblem(await service.api.get('/api/me', tokens.accessToken), 401, 'token_revoked');
    await expect(service.api.signIn({ email, password: PASSWORD })).resolves.toBeDefined();
    const { text } = await mailbox.eventuallyMail(email, 'mfa_disabled');
    expect(text).toContain('an administrator of');
    expect(text).not.toContain('network address');
    const { body: me } = await service.api.get<{ id: string }>('/api/me', admin);
    expect(await event('authn_mfa_removed', id)).toMatchObject({ actor_id: me.id });
  });

  it('leaves an account without a second factor as it is, and tells nobody', async () => {
    const { id, email, tokens } = await user();
    await service.api.post('/api/me/totp', { password: PASSWORD }, tokens.accessToken);
    expect((await act(id, 'mfa-reset')).status).toBe(204);
    expect((await service.api.get('/api/me', tokens.accessToken)).status).toBe(200);
    await service.app.get(MailSender, { strict: false }).drain();
    expect(await mailbox.mailTo(email, 'mfa_disabled')).toHaveLength(0);
    expect(await event('authn_mfa_removed', id)).toBeUndefined();
    // Nor is an enrolment left that somebody has begun.
    expect(await service.sql('SELECT 1 FROM totp_factors WHERE user_id = $1', [id])).toHaveLength(0);
  });

  it('is named in the event of an unlocking, with the reason, while the owner is told neither', async () => {
    const { id, email } = await user();
    expect((await act(id, 'unlock', { reason: 'verified by phone' })).status).toBe(204);
    const mail = await mailbox.eventuallyMail(email, 'account_unlocked');
    expect(mail.text).not.toMatch(/network address|phone|admin@example/);
    const { body: me } = await service.api.get<{ id: string }>('/api/me', admin);
    expect(await event('user_unlocked', id)).toEqual({ actor_id: me.id, details: { reason: 'verified by phone' } });
  });

  it('mails no link to an account that is disabled, which none would let in', async () => {
    const [{ id, email }, invited] = [await user(), freshAddress()];
    const { id: invitedId } = (await invite({ email: invited })).body;
    await mailbox.eventuallyMail(invited, 'invitation');
    await service.sql('UPDATE users SET disabled_at = now() WHERE id = ANY ($1)', [[id, invitedId]]);
    for (const action of ['invite', 'password-reset'] as const) {
      for (const each of [id, invitedId]) expect((await act(each, action)).status).toBe(204);
    }
    await service.app.get(MailSender, { strict: false }).drain();
    expect(await mailbox.mailTo(email, 'password_reset')).toHaveLength(0);
    expect(await mailbox.mailTo(invited)).toHaveLength(1);
  });

  it.each(ACTIONS)('finds no user to %s who is not there', async (action) => {
    expectProblem(await act(NOBODY, action), 404, 'not_found');
    expectProblem(await act('x', action), 404, 'not_found');
    const { id } = await user();
    expectProblem(await act(id, action, { reason: 'x'.repeat(201) }), 400, 'validation_failed');
  });

  it('does for itself by this right neither what takes the second factor nor what forgets guesses', async () => {
    const { body: me } = await service.api.get<{ id: string }>('/api/me', admin);
    for (const action of ['mfa-reset', 'unlock'] as const) expectProblem(await act(me.id, action), 403, 'forbidden');
  });

  it('alone may do any of it', async () => {
    const { id, tokens } = await user();
    for (const path of ['/api/admin/users', ...ACTIONS.map((action) => `/api/admin/users/${id}/${action}`)]) {
      expectProblem(await service.api.post(path, { email: 'x@example.com' }), 401, 'token_missing');
      expectProblem(await service.api.post(path, { email: 'x@example.com' }, tokens.accessToken), 403, 'forbidden');
    }
  });
});
