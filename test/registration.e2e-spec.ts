import { Logger } from '@nestjs/common';
import { MailSender } from '../src/mail/mail-sender.js';
import type { Answer, Problem } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { Mailbox } from './support/mailbox.js';
import { essence, expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const OTHER = 'eight noisy badgers resting';

describe('registration', () => {
  let service: TestApp;
  let mailbox: Mailbox;

  beforeAll(async () => {
    service = await startTestApp();
    mailbox = Mailbox.of(service);
  });
  afterAll(() => service.close());

  const register = (json: Record<string, unknown>): Promise<Answer<Problem>> =>
    service.api.post<Problem>('/api/register', { password: PASSWORD, ...json });
  const settled = (): Promise<void> => service.app.get(MailSender, { strict: false }).drain();
  const countOf = async (email: string): Promise<number> =>
    Number((await service.sql<{ count: string }>('SELECT count(*) FROM users WHERE email = $1', [email]))[0]?.count);
  it('answers 202 {}, and the account can sign in', async () => {
    const answer = await register({ email: 'New.User@Example.com', name: ' Ada Lovelace ' });
    expect([answer.status, answer.text]).toEqual([202, '{}']);
    const { accessToken } = await service.api.signIn({ email: 'new.user@example.com', password: PASSWORD });
    const me = await service.api.get('/api/me', accessToken);
    expect(me.body).toMatchObject({
      email: 'new.user@example.com',
      name: 'Ada Lovelace',
      emailVerified: false,
      roles: [],
      disabled: false,
      mfaEnabled: false,
    });
  });

  it('answers alike for a new address, a taken one and another spelling of it', async () => {
    const first = await register({ email: 'taken@example.com' });
    const again = await register({ email: 'taken@example.com', password: OTHER });
    const spelled = await register({ email: ' TAKEN@EXAMPLE.COM', password: OTHER });
    expect(essence(again)).toEqual(essence(first));
    expect(essence(spelled)).toEqual(essence(first));
    expect(await countOf('taken@example.com')).toBe(1);
  });

  it('changes nothing of an account that is there', async () => {
    await register({ email: 'kept@example.com', name: 'Kept' });
    const [before] = await service.sql(`SELECT * FROM users WHERE email = 'kept@example.com'`);
    await register({ email: 'kept@example.com', password: OTHER, name: 'Thief' });
    const [after] = await service.sql(`SELECT * FROM users WHERE email = 'kept@example.com'`);
    expect(after).toEqual(before);
    const thief = await service.api.post('/api/login', { email: 'kept@example.com', password: OTHER });
    expectProblem(thief, 401, 'invalid_credentials');
  });

  it('mails a new address a link to verify it, and nothing that the caller wrote', async () => {
    await register({ email: 'fresh@example.com', name: 'Click http://evil.example' });
    const { text, link, source } = await mailbox.eventuallyMail('fresh@example.com', 'verify_email');
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:3000\/verify-email#token=al_/);
    expect(text).toContain('24 hours');
    expect(source).not.toMatch(/evil\.example|otters/);
    expect(await mailbox.mailTo('fresh@example.com')).toHaveLength(1);
  });

  it('tells the owner of a taken address by mail, and quotes nothing that the stranger wrote', async () => {
    await register({ email: 'owner@example.com' });
    await register({ email: 'owner@example.com', password: OTHER, name: 'Click http://evil.example' });
    const mail = await mailbox.eventuallyMail('owner@example.com', 'registration_attempt');
    expect(mail.subject).toBe('Someone tried to register with your address');
    expect(mail.source).toMatch(/^Auto-Submitted: auto-generated/m);
    expect(mail.text).toContain('http://127.0.0.1:3000');
    expect(mail.text).toContain('From the network address: 127.0.0.1');
    expect(mail.source).not.toMatch(/evil\.example|badgers|otters/);
    expect(mail.link).toBeUndefined();
    await settled();
    expect(await mailbox.mailTo('owner@example.com', 'registration_attempt')).toHaveLength(1);
    expect(await mailbox.mailTo('owner@example.com', 'verify_email')).toHaveLength(1);
  });

  it('tells an admin, too, that someone tried to register the address', async () => {
    expect((await register({ email: ADMIN.email, password: OTHER })).status).toBe(202);
    await mailbox.eventuallyMail(ADMIN.email, 'registration_attempt');
    await expect(service.api.signIn(ADMIN)).resolves.toBeDefined();
  });

  it('sends an address at most three of these mails an hour, silently', async () => {
    await register({ email: 'bombed@example.com' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => register({ email: 'bombed@example.com' })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    await mailbox.eventuallyMail('bombed@example.com', 'registration_attempt', 3);
    await settled();
    expect(await mailbox.mailTo('bombed@example.com', 'registration_attempt')).toHaveLength(3);
    service.clock.advance(60 * 60 + 1);
    await register({ email: 'bombed@example.com' });
    await mailbox.eventuallyMail('bombed@example.com', 'registration_attempt', 4);
  });

  it('owes the mail and makes the account in one transaction: neither is there without the other', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await service.sql('ALTER TABLE mail_outbox ADD CONSTRAINT broken CHECK (false) NOT VALID');
    try {
      const answer = await register({ email: 'halfway@example.com' });
      expectProblem(answer, 500, 'internal_error');
      expect(await countOf('halfway@example.com')).toBe(0);
    } finally {
      await service.sql('ALTER TABLE mail_outbox DROP CONSTRAINT broken');
      log.mockRestore();
    }
    expect((await register({ email: 'halfway@example.com' })).status).toBe(202);
  });

  it.each([
    ['too_short', 'fourteen chars'],
    ['too_long', 'x y'.repeat(43)],
    ['too_long', '\u{1F600}'.repeat(129)],
    ['malformed', 'seven quiet otters \ud800'],
    ['common', 'passwordpassword'],
    ['common', 'aaaaaaaaaaaaaaaa'],
    ['contextual', 'weak@example.com'],
    ['contextual', 'gatehousegatehouse'],
  ])('refuses a password that is %s, with the reason and without the password', async (reason, password) => {
    const answer = await register({ email: 'weak@example.com', password });
    const problem = expectProblem(answer, 400, 'password_weak');
    expect(problem).toMatchObject({ reason });
    expect(answer.text).not.toContain(password);
    expect(await countOf('weak@example.com')).toBe(0);
  });

  it('refuses a weak password alike for a taken address', async () => {
    await register({ email: 'strong@example.com' });
    const taken = expectProblem(await register({ email: 'strong@example.com', password: 'x' }), 400, 'password_weak');
    const free = expectProblem(await register({ email: 'unheard@example.com', password: 'x' }), 400, 'password_weak');
    expect({ ...taken, requestId: '' }).toEqual({ ...free, requestId: '' });
  });

  it.each([
    'roles',
    'disabled',
    'id',
    'emailVerified',
    'email_verified_at',
    'ver',
    'passwordHash',
    'createdAt',
    'toString',
  ])('refuses %s in the body, and makes no account', async (field) => {
    const answer = await register({ email: 'greedy@example.com', [field]: ['admin'] });
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual([field]);
    expect(await countOf('greedy@example.com')).toBe(0);
  });

  it.each([
    ['empty', ''],
    ['blank', '   '],
    ['101 characters', 'x'.repeat(101)],
    ['a line end in it', 'Ada\nLovelace'],
    ['a NUL in it', 'Ada\u0000'],
    ['a turn of direction in it', 'Ada\u202egnp'],
    ['a number', 7],
    ['an object', { first: 'Ada' }],
  ])('refuses a name that is %s', async (_what, name) => {
    const answer = await register({ email: 'named@example.com', name });
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(['name']);
  });

  it('takes names in any script, up to 100 characters', async () => {
    const name = '\u{1F469}'.repeat(100);
    expect((await register({ email: 'scripts@example.com', name })).status).toBe(202);
    const { accessToken } = await service.api.signIn({ email: 'scripts@example.com', password: PASSWORD });
    expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({ name });
  });

  it('makes one account of ten registrations at once, and answers them alike', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => register({ email: 'racer@example.com' })));
    expect(new Set(answers.map((answer) => JSON.stringify(essence(answer)))).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
    expect(await countOf('racer@example.com')).toBe(1);
    await expect(service.api.signIn({ email: 'racer@example.com', password: PASSWORD })).resolves.toBeDefined();
  });
});

describe('registration of an address that was never verified, where it must be', () => {
  let service: TestApp;
  let mailbox: Mailbox;

  beforeAll(async () => {
    service = await startTestApp({ env: { REQUIRE_VERIFIED_EMAIL: 'on' } });
    mailbox = Mailbox.of(service);
  });
  afterAll(() => service.close());

  const login = (email: string, password: string): Promise<Answer<Problem & { accessToken: string }>> =>
    service.api.post('/api/login', { email, password });
  const register = (json: Record<string, unknown>): Promise<Answer<Problem>> =>
    service.api.post<Problem>('/api/register', json);

  it('replaces the password and the name of whoever came first, with the same answer', async () => {
    const email = 'contested@example.com';
    expect((await register({ email, password: PASSWORD, name: 'Squatter' })).text).toBe('{}');
    await mailbox.eventuallyMail(email, 'verify_email');
    expect((await register({ email, password: OTHER, name: 'Owner' })).text).toBe('{}');
    expectProblem(await login(email, PASSWORD), 401, 'invalid_credentials');
    expectProblem(await login(email, OTHER), 403, 'email_unverified');
    const { token } = await mailbox.eventuallyMail(email, 'verify_email', 2);
    expect((await service.api.post('/api/email/verify', { token })).status).toBe(204);
    const { accessToken } = (await login(email, OTHER)).body;
    expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({ name: 'Owner', emailVerified: true });
  });

  it('ends whatever whoever came first has: sessions, a second factor, links', async () => {
    const email = 'squatted@example.com';
    await register({ email, password: PASSWORD });
    const { token } = await mailbox.eventuallyMail(email, 'verify_email');
    // More than anyone has in an account that has never been verified: whatever it is, none of it stays.
    await service.sql('UPDATE users SET email_verified_at = now() WHERE email = $1', [email]);
    const squatter = (await login(email, PASSWORD)).body.accessToken;
    const { secret } = (await service.api.post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, squatter))
      .body;
    const app = new Authenticator(secret, service.clock);
    expect((await service.api.post('/api/me/totp/confirm', { code: app.code() }, squatter)).status).toBe(200);
    await service.sql('UPDATE users SET email_verified_at = NULL, registration_expires_at = now() WHERE email = $1', [
      email,
    ]);
    expect((await register({ email, password: OTHER })).status).toBe(202);
    expectProblem(await service.api.get('/api/me', squatter), 401, 'token_revoked');
    expectProblem(await service.api.post('/api/email/verify', { token }), 400, 'link_invalid');
    const second = await mailbox.eventuallyMail(email, 'verify_email', 2);
    expect((await service.api.post('/api/email/verify', { token: second.token })).status).toBe(204);
    expect((await login(email, OTHER)).status).toBe(200);
  });

  it('says in the second mail that the address was registered before, and what to do', async () => {
    await register({ email: 'twice@example.com', password: PASSWORD });
    expect((await mailbox.eventuallyMail('twice@example.com', 'verify_email')).text).not.toContain('registered before');
    await register({ email: 'twice@example.com', password: OTHER });
    expect((await mailbox.eventuallyMail('twice@example.com', 'verify_email', 2)).text).toContain('registered before');
  });

  it('leaves a disabled account, a verified one, and one that was used before verification was asked for', async () => {
    for (const [email, columns] of [
      ['used@example.com', 'last_login_at = now(), registration_expires_at = NULL'],
      ['disabled@example.com', 'disabled_at = now()'],
      ['verified@example.com', 'email_verified_at = now()'],
    ] as const) {
      await register({ email, password: PASSWORD });
      await service.sql(`UPDATE users SET ${columns} WHERE email = $1`, [email]);
      const [before] = await service.sql('SELECT * FROM users WHERE email = $1', [email]);
      expect((await register({ email, password: OTHER, name: 'Thief' })).status).toBe(202);
      expect((await service.sql('SELECT * FROM users WHERE email = $1', [email]))[0]).toEqual(before);
      await mailbox.eventuallyMail(email, 'registration_attempt');
    }
  });
});

describe('closed registration', () => {
  it.each([{ REGISTRATION: 'closed' }, { MAIL: 'off' }])('refuses everyone alike under %p', async (env) => {
    const service = await startTestApp({ env });
    try {
      for (const email of [ADMIN.email, 'new@example.com']) {
        const answer = await service.api.post('/api/register', { email, password: PASSWORD });
        expectProblem(answer, 403, 'registration_closed');
        expect(answer.headers.has('www-authenticate')).toBe(false);
      }
      expect(await service.sql('SELECT count(*)::int AS count FROM users')).toEqual([{ count: 1 }]);
    } finally {
      await service.close();
    }
  });
});
