import { MailSender } from '../src/mail/mail-sender.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { cleanUp } from './support/cleanup.js';
import { Mailbox } from './support/mailbox.js';
import { essence, expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const NEW = 'eight noisy badgers resting';
const UNKNOWN = 'nobody@example.com';
const MINUTE = 60;
const HOUR = 60 * MINUTE;

let users = 0;
const freshAddress = (): string => `user${++users}@example.com`;

describe('mailed links', () => {
  let service: TestApp;
  let mailbox: Mailbox;

  beforeAll(async () => {
    service = await startTestApp({ env: { APP_URL: 'https://app.example.com/accounts' } });
    mailbox = Mailbox.of(service);
  });
  afterAll(() => service.close());

  const post = <Body = Problem>(path: string, json: unknown, token?: string): Promise<Answer<Body>> =>
    service.api.post<Body>(path, json, token);
  const verify = (token: string): Promise<Answer<Problem>> => post('/api/email/verify', { token });
  const forgot = (email: string): Promise<Answer<Problem>> => post('/api/password/forgot', { email });
  const reset = (token: string, password = NEW): Promise<Answer<Problem & { deviceToken: string }>> =>
    post('/api/password/reset', { token, password });
  const login = (email: string, password: string): Promise<Answer<Problem & Tokens>> =>
    post('/api/login', { email, password });
  const settled = (): Promise<void> => service.app.get(MailSender, { strict: false }).drain();
  const tokenOf = async (email: string, purpose: 'verify_email' | 'password_reset', nth = 1): Promise<string> =>
    (await mailbox.eventuallyMail(email, purpose, nth)).token ?? '';
  const user = async (): Promise<{ email: string; tokens: Tokens }> => {
    const email = freshAddress();
    return { email, tokens: await service.api.newUser(email, PASSWORD) };
  };

  describe('to verify an address', () => {
    it('come with a registration, lead to the frontend with the token in the fragment, and work once', async () => {
      const { email, tokens } = await user();
      const mail = await mailbox.eventuallyMail(email, 'verify_email');
      expect(mail.link).toMatch(/^https:\/\/app\.example\.com\/accounts\/verify-email#token=al_[A-Za-z0-9_-]{43}$/);
      expect(mail.html).toContain(mail.link);
      expect((await service.api.get('/api/me', tokens.accessToken)).body).toMatchObject({ emailVerified: false });
      const answer = await verify(mail.token ?? '');
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect((await service.api.get('/api/me', tokens.accessToken)).body).toMatchObject({ emailVerified: true });
      expectProblem(await verify(mail.token ?? ''), 400, 'link_invalid');
      expect(await service.sql(`SELECT 1 FROM audit_events WHERE type = 'user_email_verified'`)).not.toHaveLength(0);
    });

    it('change nothing when they are opened by GET', async () => {
      const { email, tokens } = await user();
      const token = await tokenOf(email, 'verify_email');
      for (const path of ['/api/email/verify', '/verify-email']) {
        expectProblem(await service.api.get(`${path}?token=${token}`), 404, 'not_found');
      }
      expect((await service.api.get('/api/me', tokens.accessToken)).body).toMatchObject({ emailVerified: false });
      expect((await verify(token)).status).toBe(204);
    });

    it('are good for 24 hours', async () => {
      const [one, other] = [await user(), await user()];
      const [token, late] = [await tokenOf(one.email, 'verify_email'), await tokenOf(other.email, 'verify_email')];
      service.clock.advance(24 * HOUR - MINUTE);
      expect((await verify(token)).status).toBe(204);
      service.clock.advance(MINUTE);
      expectProblem(await verify(late), 400, 'link_invalid');
    });

    it('are mailed again on request, and the newer ends the older', async () => {
      const { email } = await user();
      const first = await tokenOf(email, 'verify_email');
      const answer = await post('/api/email/resend', { email: email.toUpperCase() });
      expect([answer.status, answer.text]).toEqual([202, '{}']);
      const second = await tokenOf(email, 'verify_email', 2);
      expectProblem(await verify(first), 400, 'link_invalid');
      expect((await verify(second)).status).toBe(204);
    });

    it('are not mailed again where there is nothing to verify, with the same answer', async () => {
      const { email } = await user();
      await verify(await tokenOf(email, 'verify_email'));
      const waiting = await user();
      const known = await post('/api/email/resend', { email: waiting.email });
      const verified = await post('/api/email/resend', { email });
      const unknown = await post('/api/email/resend', { email: UNKNOWN });
      expect(essence(verified)).toEqual(essence(known));
      expect(essence(unknown)).toEqual(essence(known));
      await mailbox.eventuallyMail(waiting.email, 'verify_email', 2);
      await settled();
      expect(await mailbox.mailTo(email, 'verify_email')).toHaveLength(1);
      expect(await mailbox.mailTo(UNKNOWN)).toHaveLength(0);
    });

    it('used at the same moment verify once', async () => {
      const { email } = await user();
      const token = await tokenOf(email, 'verify_email');
      const answers = await Promise.all(Array.from({ length: 5 }, () => verify(token)));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 400, 400, 400, 400]);
    });
  });

  describe('to choose a new password', () => {
    it('set it, end every session at once, and hand over a device token', async () => {
      const { email, tokens } = await user();
      const other = await service.api.signIn({ email, password: PASSWORD });
      const answer = await forgot(email);
      expect([answer.status, answer.text]).toEqual([202, '{}']);
      const mail = await mailbox.eventuallyMail(email, 'password_reset');
      expect(mail.link).toMatch(/^https:\/\/app\.example\.com\/accounts\/reset-password#token=al_/);
      const done = await reset(mail.token ?? '');
      expect(done.status).toBe(200);
      expect(Object.keys(done.body)).toEqual(['deviceToken']);
      for (const { accessToken, refreshToken } of [tokens, other]) {
        expectProblem(await service.api.get('/api/me', accessToken), 401, 'token_revoked');
        expectProblem(await service.api.refresh(refreshToken), 401, 'session_revoked');
      }
      expectProblem(await login(email, PASSWORD), 401, 'invalid_credentials');
      expect((await login(email, NEW)).status).toBe(200);
      expect((await mailbox.eventuallyMail(email, 'password_changed')).text).not.toContain(NEW);
      expectProblem(await reset(mail.token ?? '', PASSWORD), 400, 'link_invalid');
    });

    it('show that the address is theirs', async () => {
      const { email } = await user();
      await forgot(email);
      await reset(await tokenOf(email, 'password_reset'));
      const { accessToken } = (await login(email, NEW)).body;
      expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({ emailVerified: true });
    });

    it('are good for 30 minutes', async () => {
      const [one, other] = [await user(), await user()];
      await Promise.all([forgot(one.email), forgot(other.email)]);
      const token = await tokenOf(one.email, 'password_reset');
      const late = await tokenOf(other.email, 'password_reset');
      service.clock.advance(29 * MINUTE);
      expect((await reset(token)).status).toBe(200);
      service.clock.advance(MINUTE);
      expectProblem(await reset(late), 400, 'link_invalid');
    });

    it('are ended by a newer one, by a change of the password, and by each other', async () => {
      const { email, tokens } = await user();
      await forgot(email);
      const first = await tokenOf(email, 'password_reset');
      await forgot(email);
      const second = await tokenOf(email, 'password_reset', 2);
      expectProblem(await reset(first), 400, 'link_invalid');
      const change = { currentPassword: PASSWORD, newPassword: NEW };
      expect((await post('/api/me/password', change, tokens.accessToken)).status).toBe(204);
      expectProblem(await reset(second), 400, 'link_invalid');
    });

    it('are not spent by a password that is refused', async () => {
      const { email } = await user();
      await forgot(email);
      const token = await tokenOf(email, 'password_reset');
      const name = email.split('@')[0] ?? '';
      for (const password of ['short', 'passwordpassword', `${name}${name}${name}`]) {
        expectProblem(await reset(token, password), 400, 'password_weak');
      }
      expect((await reset(token)).status).toBe(200);
    });

    it('used at the same moment set one password', async () => {
      const { email } = await user();
      await forgot(email);
      const token = await tokenOf(email, 'password_reset');
      const passwords = ['eight noisy badgers resting', 'nine hollow trumpets waiting', 'ten crooked ladders leaning'];
      const answers = await Promise.all(passwords.map((password) => reset(token, password)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
      const winner = passwords[answers.findIndex(({ status }) => status === 200)] ?? '';
      expect((await login(email, winner)).status).toBe(200);
    });

    it('go to nobody but an owner, with one answer for all', async () => {
      const { email } = await user();
      const disabled = await user();
      await service.sql('UPDATE users SET disabled_at = now() WHERE email = $1', [disabled.email]);
      const [known, unknown, off] = [await forgot(email), await forgot(UNKNOWN), await forgot(disabled.email)];
      expect(essence(unknown)).toEqual(essence(known));
      expect(essence(off)).toEqual(essence(known));
      await mailbox.eventuallyMail(email, 'password_reset');
      await settled();
      expect(await mailbox.mailTo(UNKNOWN)).toHaveLength(0);
      expect(await mailbox.mailTo(disabled.email, 'password_reset')).toHaveLength(0);
    });

    it('are worth nothing once the account is disabled', async () => {
      const { email } = await user();
      await forgot(email);
      const token = await tokenOf(email, 'password_reset');
      await service.sql('UPDATE users SET disabled_at = now() WHERE email = $1', [email]);
      expectProblem(await reset(token), 400, 'link_invalid');
    });

    it('are worth nothing where another kind of link is wanted', async () => {
      const { email } = await user();
      await forgot(email);
      expectProblem(await verify(await tokenOf(email, 'password_reset')), 400, 'link_invalid');
      expectProblem(await reset(await tokenOf(email, 'verify_email')), 400, 'link_invalid');
    });

    it('name the host of the configuration, whatever the request says', async () => {
      const { email } = await user();
      await service.api.send('POST', '/api/password/forgot', {
        json: { email },
        headers: {
          'x-forwarded-host': 'evil.example',
          'x-forwarded-proto': 'http',
          'x-original-host': 'evil.example',
          forwarded: 'host=evil.example',
          origin: 'https://evil.example',
          referer: 'https://evil.example/',
        },
      });
      const { source, link } = await mailbox.eventuallyMail(email, 'password_reset');
      expect(link).toMatch(/^https:\/\/app\.example\.com\//);
      expect(source).not.toContain('evil.example');
    });

    it('come at most three an hour to an address, silently', async () => {
      const { email } = await user();
      for (const nth of [1, 2, 3]) {
        await forgot(email);
        await mailbox.eventuallyMail(email, 'password_reset', nth);
      }
      const answers = await Promise.all(Array.from({ length: 5 }, () => forgot(email)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      await settled();
      expect(await mailbox.mailTo(email, 'password_reset')).toHaveLength(3);
      service.clock.advance(HOUR + 1);
      await forgot(email);
      await mailbox.eventuallyMail(email, 'password_reset', 4);
    });

    it('take off a second factor that was put on before anyone had shown that the address is theirs', async () => {
      const { email, tokens } = await user();
      const { body } = await post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, tokens.accessToken);
      const app = new Authenticator(body.secret, service.clock);
      expect((await post('/api/me/totp/confirm', { code: app.code() }, tokens.accessToken)).status).toBe(200);
      await forgot(email);
      await reset(await tokenOf(email, 'password_reset'));
      expect((await login(email, NEW)).status).toBe(200);
    });

    it('leave the second factor of a verified account where it is', async () => {
      const { email, tokens } = await user();
      await verify(await tokenOf(email, 'verify_email'));
      const { body } = await post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, tokens.accessToken);
      const app = new Authenticator(body.secret, service.clock);
      expect((await post('/api/me/totp/confirm', { code: app.code() }, tokens.accessToken)).status).toBe(200);
      await forgot(email);
      await reset(await tokenOf(email, 'password_reset'));
      expectProblem(await login(email, NEW), 401, 'mfa_required');
    });
  });

  it.each(['/api/email/verify', '/api/password/reset'])('are refused at %s whatever the token', async (path) => {
    for (const token of ['x', 'al_', `al_${'A'.repeat(43)}`, `al_${'A'.repeat(44)}`, "al_' OR '1'='1", 'rt_abc']) {
      expectProblem(
        await post(path, { token, password: NEW }),
        400,
        path.endsWith('verify') ? 'validation_failed' : 'link_invalid',
      );
      if (path.endsWith('verify')) expectProblem(await post(path, { token }), 400, 'link_invalid');
    }
  });

  it.each(['/api/email/resend', '/api/password/forgot'])('are asked for at %s with an address alone', async (path) => {
    for (const json of [{}, { email: 'not an address' }, { email: ['ada@example.com'] }, { email: null }]) {
      expect(fieldsOf(expectProblem(await post(path, json), 400, 'validation_failed'))).toEqual(['email']);
    }
  });

  it('are stored as hashes', async () => {
    const { email } = await user();
    const token = await tokenOf(email, 'verify_email');
    const rows = await service.sql<{ row: string }>('SELECT l::text AS row FROM action_links l');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(token.slice(3));
    const owed = await service.sql<{ row: string }>('SELECT o::text AS row FROM mail_outbox o');
    expect(JSON.stringify(owed)).not.toContain('al_');
  });
});

describe('where addresses must be verified', () => {
  let service: TestApp;
  let mailbox: Mailbox;

  beforeAll(async () => {
    service = await startTestApp({ env: { REQUIRE_VERIFIED_EMAIL: 'on' } });
    mailbox = Mailbox.of(service);
  });
  afterAll(() => service.close());

  const register = async (email: string, password = PASSWORD): Promise<void> => {
    expect((await service.api.post('/api/register', { email, password })).status).toBe(202);
  };
  const exists = async (email: string): Promise<boolean> =>
    (await service.sql('SELECT 1 FROM users WHERE email = $1', [email])).length === 1;

  it('a user signs in once the link was used', async () => {
    const email = freshAddress();
    await register(email);
    expectProblem(await service.api.post('/api/login', { email, password: PASSWORD }), 403, 'email_unverified');
    const { token } = await mailbox.eventuallyMail(email, 'verify_email');
    expect((await service.api.post('/api/email/verify', { token })).status).toBe(204);
    await expect(service.api.signIn({ email, password: PASSWORD })).resolves.toBeDefined();
  });

  it('a new registration of an unverified address replaces its password and ends its links', async () => {
    const email = freshAddress();
    await register(email);
    const first = await mailbox.eventuallyMail(email, 'verify_email');
    await register(email, NEW);
    const second = await mailbox.eventuallyMail(email, 'verify_email', 2);
    expectProblem(await service.api.post('/api/email/verify', { token: first.token }), 400, 'link_invalid');
    expect((await service.api.post('/api/email/verify', { token: second.token })).status).toBe(204);
    expectProblem(await service.api.post('/api/login', { email, password: PASSWORD }), 401, 'invalid_credentials');
    await expect(service.api.signIn({ email, password: NEW })).resolves.toBeDefined();
  });

  it('a registration that nobody has verified gives way to whoever reads the mail of its address', async () => {
    const [email, squatted] = [freshAddress(), freshAddress()];
    await register(email);
    const { token } = await mailbox.eventuallyMail(email, 'verify_email');
    await service.api.post('/api/email/verify', { token });
    const { accessToken } = await service.api.signIn({ email, password: PASSWORD });
    await register(squatted, NEW);
    const ask = await service.api.post('/api/me/email', { email: squatted, password: PASSWORD }, accessToken);
    expect(ask.status).toBe(202);
    const link = await mailbox.eventuallyMail(squatted, 'email_change');
    expect(await exists(email)).toBe(true);
    expect((await service.api.post('/api/email/verify', { token: link.token })).status).toBe(204);
    expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({
      email: squatted,
      emailVerified: true,
    });
    const squatter = await service.api.post('/api/login', { email: squatted, password: NEW });
    expectProblem(squatter, 401, 'invalid_credentials');
    expect(await mailbox.mailTo(squatted, 'email_claimed')).toHaveLength(0);
  });

  it('a registration that nobody has verified gives way to an invitation', async () => {
    const email = freshAddress();
    await register(email, NEW);
    const { accessToken } = await service.api.signIn(ADMIN);
    expect((await service.api.post('/api/admin/users', { email }, accessToken)).status).toBe(201);
    expectProblem(await service.api.post('/api/login', { email, password: NEW }), 401, 'invalid_credentials');
    const { token } = await mailbox.eventuallyMail(email, 'invitation');
    expect((await service.api.post('/api/password/reset', { token, password: PASSWORD })).status).toBe(200);
    await expect(service.api.signIn({ email, password: PASSWORD })).resolves.toBeDefined();
  });

  it('an address that nobody verifies is free again after seven days, and no other account goes', async () => {
    const [email, verified, renewed] = [freshAddress(), freshAddress(), freshAddress()];
    for (const each of [email, verified, renewed]) await register(each);
    const { token } = await mailbox.eventuallyMail(verified, 'verify_email');
    await service.api.post('/api/email/verify', { token });
    await service.sql(
      `INSERT INTO users (id, email, created_at) VALUES (gen_random_uuid(), 'invited@example.com', now() - interval '30 d')`,
    );
    service.clock.advance(6 * 24 * HOUR);
    await register(renewed, NEW);
    expect(await cleanUp(service)).toMatchObject({ registrations: 0 });
    service.clock.advance(24 * HOUR);
    expect((await cleanUp(service)).registrations).toBeGreaterThanOrEqual(1);
    expect(await Promise.all([email, verified, renewed, 'invited@example.com', ADMIN.email].map(exists))).toEqual([
      ...[false, true, true, true, true],
    ]);
  });
});

describe('without mail', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: { MAIL: 'off' } });
  });
  afterAll(() => service.close());

  it.each([
    ['/api/email/verify', { token: 'x' }],
    ['/api/email/resend', { email: 'ada@example.com' }],
    ['/api/password/forgot', { email: 'ada@example.com' }],
  ])('there is no %s', async (path, json) => {
    expectProblem(await service.api.post(path, json), 404, 'not_found');
  });

  it('addresses stay as they are, and nobody is invited', async () => {
    const { accessToken } = await service.api.signIn(ADMIN);
    const change = { email: 'other@example.com', password: ADMIN.password };
    expectProblem(await service.api.post('/api/me/email', change, accessToken), 404, 'not_found');
    expectProblem(
      await service.api.post('/api/admin/users', { email: 'a@example.com' }, accessToken),
      404,
      'not_found',
    );
    expect(await service.sql('SELECT 1 FROM mail_outbox')).toHaveLength(0);
  });
});
