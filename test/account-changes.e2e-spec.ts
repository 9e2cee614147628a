import { MailSender } from '../src/mail/mail-sender.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { heldOpen } from './support/database-locks.js';
import { Mailbox } from './support/mailbox.js';
import { essence, expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const WRONG = 'eight noisy badgers resting';
const NEW = 'nine hollow trumpets waiting';
const HOUR = 60 * 60;

interface User {
  readonly email: string;
  readonly tokens: Tokens;
}

let users = 0;
const freshAddress = (): string => `user${++users}@example.com`;
describe('an account', () => {
  let service: TestApp;
  let mailbox: Mailbox;

  beforeAll(async () => {
    service = await startTestApp();
    mailbox = Mailbox.of(service);
  });
  afterAll(() => service.close());

  const post = <Body = Problem>(path: string, json: unknown, token?: string): Promise<Answer<Body>> =>
    service.api.post<Body>(path, json, token);
  const login = (email: string, password: string): Promise<Answer<Problem & Tokens>> =>
    post('/api/login', { email, password });
  const me = async (token: string): Promise<Record<string, unknown>> => (await service.api.get('/api/me', token)).body;
  const user = async (): Promise<User> => {
    const email = freshAddress();
    return { email, tokens: await service.api.newUser(email, PASSWORD) };
  };
  const withSecondFactor = async (): Promise<User & { app: Authenticator }> => {
    const { email, tokens } = await user();
    const { body } = await post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, tokens.accessToken);
    const app = new Authenticator(body.secret, service.clock);
    expect((await post('/api/me/totp/confirm', { code: app.code() }, tokens.accessToken)).status).toBe(200);
    return { email, tokens, app };
  };
  const events = (type: string): Promise<unknown[]> =>
    service.sql('SELECT 1 FROM audit_events WHERE type = $1', [type]);

  describe.each([
    ['/api/me/password', { newPassword: NEW }, 'currentPassword'],
    ['/api/me/email', { email: 'wanted@example.com' }, 'password'],
    ['/api/me/delete', {}, 'password'],
  ])('asked to change at %s', (path, json, field) => {
    it('wants a token', async () => {
      expectProblem(await post(path, { ...json, [field]: PASSWORD }), 401, 'token_missing');
    });

    it('wants the password again, and changes nothing without it', async () => {
      const { email, tokens } = await user();
      expectProblem(await post(path, { ...json, [field]: WRONG }, tokens.accessToken), 401, 'invalid_credentials');
      const problem = expectProblem(await post(path, json, tokens.accessToken), 400, 'validation_failed');
      expect(fieldsOf(problem)).toEqual([field]);
      expect(await me(tokens.accessToken)).toMatchObject({ email });
      expect((await login(email, PASSWORD)).status).toBe(200);
    });

    it('wants a code where there is a second factor, and counts wrong ones', async () => {
      const { tokens, app } = await withSecondFactor();
      const ask = (code?: string): Promise<Answer<Problem>> =>
        post(path, { ...json, [field]: PASSWORD, ...(code !== undefined && { code }) }, tokens.accessToken);
      expectProblem(await ask(), 401, 'mfa_required');
      for (let time = 0; time < 10; time += 1) expectProblem(await ask(app.wrongCode()), 401, 'mfa_invalid');
      expectProblem(await ask(app.nextCode()), 429, 'rate_limited');
      service.clock.advance(15 * 60);
      const { accessToken } = (await service.api.refresh(tokens.refreshToken)).body;
      const code = app.code();
      const done = await post(path, { ...json, [field]: PASSWORD, code }, accessToken);
      expect([202, 204]).toContain(done.status);
    });

    it('blocks a session after ten wrong passwords, and looks at none then', async () => {
      const { email, tokens } = await user();
      const ask = (password: string): Promise<Answer<Problem>> =>
        post(path, { ...json, [field]: password }, tokens.accessToken);
      const answers = await Promise.all(Array.from({ length: 14 }, () => ask(WRONG)));
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
      expectProblem(await ask(PASSWORD), 429, 'rate_limited');
      // The owner elsewhere is not kept out by it.
      expect((await login(email, PASSWORD)).status).toBe(200);
    });
  });

  describe('whose password is changed', () => {
    const change = ({ tokens }: User, newPassword = NEW): Promise<Answer<Problem>> =>
      post('/api/me/password', { currentPassword: PASSWORD, newPassword }, tokens.accessToken);

    it('keeps the session that changed it, ends all others, and tells the owner', async () => {
      const ada = await user();
      const other = await service.api.signIn({ email: ada.email, password: PASSWORD });
      expect((await change(ada)).status).toBe(204);
      expectProblem(await service.api.get('/api/me', other.accessToken), 401, 'token_revoked');
      expectProblem(await service.api.refresh(other.refreshToken), 401, 'session_revoked');
      expectProblem(await service.api.get('/api/me', ada.tokens.accessToken), 401, 'token_stale');
      const { accessToken } = (await service.api.refresh(ada.tokens.refreshToken)).body;
      expect(await me(accessToken)).toMatchObject({ email: ada.email });
      expectProblem(await login(ada.email, PASSWORD), 401, 'invalid_credentials');
      expect((await login(ada.email, NEW)).status).toBe(200);
      const mail = await mailbox.eventuallyMail(ada.email, 'password_changed');
      expect(mail.text).toContain('127.0.0.1');
      expect(await events('authn_password_change')).not.toHaveLength(0);
    });

    it('refuses a weak one with the reason, and keeps the old one', async () => {
      const ada = await user();
      const problem = expectProblem(await change(ada, 'short'), 400, 'password_weak');
      expect(problem).toMatchObject({ reason: 'too_short' });
      expect((await login(ada.email, PASSWORD)).status).toBe(200);
    });

    it('keeps a password that was changed while this one was being hashed', async () => {
      const ada = await user();
      const statement = 'UPDATE users SET credential_version = credential_version + 1 WHERE email = $1';
      expectProblem(await heldOpen(service, [statement, [ada.email]], () => change(ada)), 401, 'invalid_credentials');
      expect((await login(ada.email, PASSWORD)).status).toBe(200);
    });

    it('uses up no code for a password that is refused', async () => {
      const { tokens, app } = await withSecondFactor();
      const code = app.nextCode();
      const ask = (newPassword: string): Promise<Answer<Problem>> =>
        post('/api/me/password', { currentPassword: PASSWORD, newPassword, code }, tokens.accessToken);
      expectProblem(await ask('short'), 400, 'password_weak');
      expect((await ask(NEW)).status).toBe(204);
    });

    it('knows no device of before: whoever had the old one may have made many known', async () => {
      const ada = await user();
      const { deviceToken } = await service.api.signIn({ email: ada.email, password: PASSWORD });
      expect((await change(ada)).status).toBe(204);
      const answer = await post('/api/login', { email: ada.email, password: NEW, deviceToken });
      expect(answer.headers.get('ratelimit-policy')).not.toContain('login-device');
    });

    it('takes one of several changes at the same moment', async () => {
      const ada = await user();
      const passwords = [NEW, 'ten crooked ladders leaning', 'eleven silver kettles singing'];
      const answers = await Promise.all(passwords.map((password) => change(ada, password)));
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      const winner = passwords[answers.findIndex(({ status }) => status === 204)] ?? '';
      expect((await login(ada.email, winner)).status).toBe(200);
    });
  });

  describe('whose address is changed', () => {
    const ask = ({ tokens }: User, email: string): Promise<Answer<Problem>> =>
      post('/api/me/email', { email, password: PASSWORD }, tokens.accessToken);
    const confirm = (token: string | undefined): Promise<Answer<Problem>> => post('/api/email/verify', { token });

    it('has the new one from the link on, not before, and tells the old one twice', async () => {
      const ada = await user();
      const wanted = freshAddress();
      const answer = await ask(ada, ` ${wanted.toUpperCase()} `);
      expect([answer.status, answer.text]).toEqual([202, '{}']);
      const mail = await mailbox.eventuallyMail(wanted, 'email_change');
      expect(mail.link).toMatch(/\/confirm-email#token=al_/);
      await mailbox.eventuallyMail(ada.email, 'email_change_requested');
      expect(await me(ada.tokens.accessToken)).toMatchObject({ email: ada.email, emailVerified: false });
      expect((await confirm(mail.token)).status).toBe(204);
      expect(await me(ada.tokens.accessToken)).toMatchObject({ email: wanted, emailVerified: true });
      await mailbox.eventuallyMail(ada.email, 'email_changed');
      expect((await login(wanted, PASSWORD)).status).toBe(200);
      expectProblem(await login(ada.email, PASSWORD), 401, 'invalid_credentials');
      expectProblem(await confirm(mail.token), 400, 'link_invalid');
      expect(await events('user_email_changed')).not.toHaveLength(0);
    });

    it('is asked for with the same answer whether or not the other is taken, whose owner alone hears of it', async () => {
      const [ada, eve] = [await user(), await user()];
      const free = await ask(eve, freshAddress());
      const taken = await ask(eve, ada.email);
      expect(essence(taken)).toEqual(essence(free));
      await mailbox.eventuallyMail(ada.email, 'email_claimed');
      await service.app.get(MailSender, { strict: false }).drain();
      expect(await mailbox.mailTo(ada.email, 'email_change')).toHaveLength(0);
    });

    it('stays as it is where somebody took the other one meanwhile', async () => {
      const ada = await user();
      const wanted = freshAddress();
      await ask(ada, wanted);
      const { token } = await mailbox.eventuallyMail(wanted, 'email_change');
      const other = await service.api.newUser(wanted, NEW);
      expectProblem(await confirm(token), 400, 'link_invalid');
      expect(await me(ada.tokens.accessToken)).toMatchObject({ email: ada.email, emailVerified: false });
      expect(await mailbox.mailTo(ada.email, 'email_changed')).toHaveLength(0);
      // Nothing was lost by it: the link is good again once the address is free.
      expect((await post('/api/me/delete', { password: NEW }, other.accessToken)).status).toBe(204);
      expect((await confirm(token)).status).toBe(204);
    });

    it('is good for one hour, and ended by a newer one and by a new password', async () => {
      const [ada, eve, bob] = [await user(), await user(), await user()];
      const [one, two, three, four] = [freshAddress(), freshAddress(), freshAddress(), freshAddress()];
      await ask(ada, one);
      const late = await mailbox.eventuallyMail(one, 'email_change');
      await ask(eve, two);
      const older = await mailbox.eventuallyMail(two, 'email_change');
      await ask(eve, three);
      await mailbox.eventuallyMail(three, 'email_change');
      expectProblem(await confirm(older.token), 400, 'link_invalid');
      await ask(bob, four);
      const ended = await mailbox.eventuallyMail(four, 'email_change');
      await post('/api/me/password', { currentPassword: PASSWORD, newPassword: NEW }, bob.tokens.accessToken);
      expectProblem(await confirm(ended.token), 400, 'link_invalid');
      service.clock.advance(HOUR);
      expectProblem(await confirm(late.token), 400, 'link_invalid');
    });

    it('is taken by one of two who want it at the same moment', async () => {
      const [ada, eve] = [await user(), await user()];
      const wanted = freshAddress();
      await ask(ada, wanted);
      const first = await mailbox.eventuallyMail(wanted, 'email_change');
      await ask(eve, wanted);
      const second = await mailbox.eventuallyMail(wanted, 'email_change', 2);
      const answers = await Promise.all([confirm(first.token), confirm(second.token)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
    });

    it('ends a sign-in whose first step was under the old one', async () => {
      const { email, tokens, app } = await withSecondFactor();
      const { mfaToken } = (await post<{ mfaToken: string }>('/api/login', { email, password: PASSWORD })).body;
      const wanted = freshAddress();
      const json = { email: wanted, password: PASSWORD, code: app.nextCode() };
      expect((await post('/api/me/email', json, tokens.accessToken)).status).toBe(202);
      expect((await confirm((await mailbox.eventuallyMail(wanted, 'email_change')).token)).status).toBe(204);
      expectProblem(await post('/api/login/mfa', { mfaToken, code: app.nextCode() }), 401, 'mfa_invalid');
    });
  });

  describe('that is deleted', () => {
    it('is gone with its sessions and factors, its tokens are refused, and its address is free', async () => {
      const { email, tokens, app } = await withSecondFactor();
      const json = { password: PASSWORD, code: app.nextCode() };
      const { id } = await me(tokens.accessToken);
      const answer = await post('/api/me/delete', json, tokens.accessToken);
      expect([answer.status, answer.text]).toEqual([204, '']);
      expectProblem(await service.api.get('/api/protected', tokens.accessToken), 401, 'token_revoked');
      expectProblem(await service.api.refresh(tokens.refreshToken), 401, 'refresh_invalid');
      expectProblem(await login(email, PASSWORD), 401, 'invalid_credentials');
      for (const table of ['users WHERE email = $1', 'action_links WHERE email = $1']) {
        expect(await service.sql(`SELECT 1 FROM ${table}`, [email])).toHaveLength(0);
      }
      for (const subject of [id, tokens.sessionId])
        expect(await service.sql('SELECT 1 FROM revocations WHERE subject = $1', [subject])).not.toHaveLength(0);
      await mailbox.eventuallyMail(email, 'account_deleted');
      expect(await events('user_deleted')).not.toHaveLength(0);
      await expect(service.api.newUser(email, PASSWORD)).resolves.toBeDefined();
    });

    it('stays where the password was changed while it was being asked for', async () => {
      const { email, tokens } = await user();
      const statement = 'UPDATE users SET credential_version = credential_version + 1 WHERE email = $1';
      const answer = await heldOpen(service, [statement, [email]], () =>
        post('/api/me/delete', { password: PASSWORD }, tokens.accessToken),
      );
      expectProblem(answer, 401, 'invalid_credentials');
      expect(await me(tokens.accessToken)).toMatchObject({ email });
    });

    it('is not the last one of an admin, also not in a race of two', async () => {
      const second = await user();
      const remove = (tokens: Tokens, password: string): Promise<Answer<Problem>> =>
        post('/api/me/delete', { password }, tokens.accessToken);
      const admin = await service.api.signIn(ADMIN);
      expectProblem(await remove(admin, ADMIN.password), 409, 'last_admin');
      // An admin who is not verified could not take over.
      await service.sql(`UPDATE users SET roles = '{admin}' WHERE email = $1`, [second.email]);
      expectProblem(await remove(admin, ADMIN.password), 409, 'last_admin');
      await service.sql('UPDATE users SET email_verified_at = now() WHERE email = $1', [second.email]);
      const answers = await heldOpen(
        service,
        [`SELECT pg_advisory_xact_lock(hashtextextended('gatehouse.admins', 0))`, []],
        () => Promise.all([remove(admin, ADMIN.password), remove(second.tokens, PASSWORD)]),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
      const left = await service.sql(`SELECT 1 FROM users WHERE 'admin' = ANY (roles)`);
      expect(left).toHaveLength(1);
    });
  });
});
