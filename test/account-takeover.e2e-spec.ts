import { MailSender } from '../src/mail/mail-sender.js';
import { addSeconds } from '../src/shared/clock.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { MailServer } from './support/mail-server.js';
import { Mailbox } from './support/mailbox.js';
import { eventually, eventuallyFound } from './support/eventually.js';
import { expectProblem } from './support/problem.js';
import { sendRaw } from './support/raw-http.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const NEW = 'eight noisy badgers resting';
const WRONG = 'nine hollow trumpets waiting';
const HOUR = 60 * 60;

let users = 0;
const freshAddress = (): string => `user${++users}@example.com`;

describe('a thief of a session and its password', () => {
  let server: MailServer;
  let service: TestApp;

  beforeAll(async () => {
    server = await MailServer.start();
    service = await startTestApp({
      env: { SMTP_URL: server.url, MAIL_FROM: 'auth@example.com', REQUIRE_VERIFIED_EMAIL: 'off' },
    });
  });
  afterAll(async () => {
    await service.close();
    await server.stop();
  });

  const owed = (to: string): Promise<{ attempts: number; put_off: boolean }[]> =>
    service.sql('SELECT attempts, next_attempt_at < $2 AS put_off FROM mail_outbox WHERE recipient = $1', [
      ...[to, addSeconds(service.clock.now(), 10)],
    ]);

  it.each(['password_reset', 'password_change'])(
    'does not get the account by an address whose mail server comes back after a %s of the owner',
    async (way) => {
      const [email, thiefs] = [freshAddress(), freshAddress()];
      const { accessToken } = await service.api.newUser(email, PASSWORD);
      server.behaviour = { recipient: (address) => (address === thiefs ? 450 : undefined) };
      await service.api.post('/api/me/email', { email: thiefs, password: PASSWORD }, accessToken);
      await eventually(async () => {
        expect(await owed(thiefs)).toEqual([{ attempts: 1, put_off: true }]);
      });
      if (way === 'password_reset') {
        await service.api.post('/api/password/forgot', { email });
        const token = await eventuallyFound(
          'the link',
          () => server.delivered.find(({ to, link }) => to.includes(email) && link?.includes('/reset-password'))?.token,
        );
        expect((await service.api.post('/api/password/reset', { token, password: NEW })).status).toBe(200);
      } else {
        const change = { currentPassword: PASSWORD, newPassword: NEW };
        expect((await service.api.post('/api/me/password', change, accessToken)).status).toBe(204);
      }
      server.behaviour = {};
      service.clock.advance(5);
      await eventually(async () => {
        await service.app.get(MailSender, { strict: false }).drain();
        expect(await owed(thiefs)).toEqual([]);
      });
      expect(server.delivered.filter(({ to }) => to.includes(thiefs))).toEqual([]);
    },
  );
});

describe('mail', () => {
  let service: TestApp;
  let mailbox: Mailbox;

  beforeAll(async () => {
    service = await startTestApp({ env: { APP_URL: 'https://app.example.com' } });
    mailbox = Mailbox.of(service);
  });
  afterAll(() => service.close());

  const settled = (): Promise<void> => service.app.get(MailSender, { strict: false }).drain();
  const post = <Body = Problem>(path: string, json: unknown, token?: string): Promise<Answer<Body>> =>
    service.api.post<Body>(path, json, token);
  const forgot = (email: string): Promise<unknown> => post('/api/password/forgot', { email });
  const reset = (token: string | undefined): Promise<Answer<Problem & { deviceToken: string }>> =>
    post('/api/password/reset', { token, password: NEW });
  const login = (email: string, password: string): Promise<Answer<Problem & Tokens>> =>
    post('/api/login', { email, password });
  const user = async (): Promise<{ id: string; email: string; tokens: Tokens }> => {
    const email = freshAddress();
    const tokens = await service.api.newUser(email, PASSWORD);
    return { id: (await service.api.get<{ id: string }>('/api/me', tokens.accessToken)).body.id, email, tokens };
  };

  describe('with a link', () => {
    it.each([
      ['Host: evil.example'],
      ['Host: gatehouse.test', 'X-Forwarded-Host: evil.example'],
      ['Host: app.example.com@evil.example'],
      ['Host: evil.example:443', 'Forwarded: host=evil.example;proto=https', 'X-Forwarded-Proto: https'],
    ])('leads to the configured frontend, whatever the request says: %s %s', async (...headers) => {
      const { email } = await user();
      const body = JSON.stringify({ email });
      const fields = [...headers, 'Content-Type: application/json', `Content-Length: ${body.length}`];
      // Of a target in absolute form the host is read before the field (RFC 9112 §3.2.2).
      for (const target of ['/api/password/forgot', 'http://evil.example/api/password/forgot']) {
        const request = [`POST ${target} HTTP/1.1`, ...fields, 'Connection: close', '', body].join('\r\n');
        await rawPost(service.api.url, request);
      }
      await settled();
      const { source, link } = await mailbox.eventuallyMail(email, 'password_reset');
      expect(link).toMatch(/^https:\/\/app\.example\.com\/reset-password#token=/);
      expect(source).not.toContain('evil');
    });

    it('is worth nothing once the account has another address, even where the account was to be taken by it', async () => {
      const { email } = await user();
      await forgot(email);
      const { token } = await mailbox.eventuallyMail(email, 'password_reset');
      const moved = freshAddress();
      await service.sql('UPDATE users SET email = $2 WHERE email = $1', [email, moved]);
      expectProblem(await reset(token), 400, 'link_invalid');
      expect((await login(moved, PASSWORD)).status).toBe(200);
    });

    it('to another address is worth nothing while the account is disabled', async () => {
      const { email, tokens } = await user();
      const wanted = freshAddress();
      await post('/api/me/email', { email: wanted, password: PASSWORD }, tokens.accessToken);
      const { token } = await mailbox.eventuallyMail(wanted, 'email_change');
      await service.sql('UPDATE users SET disabled_at = now() WHERE email = $1', [email]);
      expectProblem(await post('/api/email/verify', { token }), 400, 'link_invalid');
      await post('/api/email/resend', { email });
      await settled();
      expect(await mailbox.mailTo(email, 'verify_email')).toHaveLength(1);
    });

    it('to another address is not sent where the asked one is the account’s own', async () => {
      const { email, tokens } = await user();
      const answer = await post(
        '/api/me/email',
        { email: email.toUpperCase(), password: PASSWORD },
        tokens.accessToken,
      );
      expect([answer.status, answer.text]).toEqual([202, '{}']);
      await settled();
      for (const purpose of ['email_change', 'email_claimed', 'email_change_requested'] as const)
        expect(await mailbox.mailTo(email, purpose)).toEqual([]);
    });

    it('gets the owner in, however many strangers have guessed', async () => {
      const { email } = await user();
      for (let time = 0; time < 5; time += 1) expectProblem(await login(email, WRONG), 401, 'invalid_credentials');
      expectProblem(await login(email, PASSWORD), 429, 'rate_limited');
      await forgot(email);
      expect((await reset((await mailbox.eventuallyMail(email, 'password_reset')).token)).status).toBe(200);
      expect((await login(email, NEW)).status).toBe(200);
    });
  });

  describe('from here', () => {
    it('goes to at most three strangers an hour for one account that names their addresses', async () => {
      const { tokens } = await user();
      const strangers = Array.from({ length: 5 }, freshAddress);
      for (const [at, stranger] of strangers.entries()) {
        const answer = await post('/api/me/email', { email: stranger, password: PASSWORD }, tokens.accessToken);
        expect([answer.status, answer.text]).toEqual([202, '{}']);
        if (at < 3) await mailbox.eventuallyMail(stranger, 'email_change');
      }
      await settled();
      const mailed = await Promise.all(strangers.map((stranger) => mailbox.mailTo(stranger)));
      expect(mailed.flat()).toHaveLength(3);
      service.clock.advance(HOUR);
      const { accessToken } = (await service.api.refresh(tokens.refreshToken)).body;
      const another = freshAddress();
      await post('/api/me/email', { email: another, password: PASSWORD }, accessToken);
      await mailbox.eventuallyMail(another, 'email_change');
    });

    it('that an admin has sent comes through, whatever strangers have spent, and three times an hour', async () => {
      const { id, email } = await user();
      const admin = (await service.api.signIn(ADMIN)).accessToken;
      for (const nth of [1, 2, 3, 3]) {
        await forgot(email);
        await mailbox.eventuallyMail(email, 'password_reset', nth);
      }
      for (const nth of [4, 5, 6, 6]) {
        expect((await post(`/api/admin/users/${id}/password-reset`, {}, admin)).status).toBe(204);
        await mailbox.eventuallyMail(email, 'password_reset', nth);
      }
      await settled();
      const all = await mailbox.mailTo(email, 'password_reset');
      expect(all).toHaveLength(6);
      expect(all.filter(({ text }) => text.includes('an administrator of'))).toHaveLength(3);
    });
  });
});

const rawPost = async (url: string, request: string): Promise<void> => {
  const answer = await sendRaw(url, request);
  expect(answer).toMatch(/^HTTP\/1\.1 (202|400) /);
};
