import { decodeJwt } from 'jose';
import type { Answer, Problem, Tokens } from '../support/api.js';
import { Authenticator } from '../support/authenticator.js';
import { PASSWORD, behindProxy, outcomeOf, proxiedFleet } from '../support/behind-proxy.js';
import { eventuallyFound } from '../support/eventually.js';
import { MailServer } from '../support/mail-server.js';
import { PROXIES, ProxiedFleet } from '../support/proxied-fleet.js';
import { TestClock } from '../support/test-clock.js';

jest.setTimeout(60_000);

const NEW = 'eight noisy badgers resting';

let mails: MailServer;
beforeAll(async () => {
  mails = await MailServer.start();
});
const fleet = proxiedFleet(() => ProxiedFleet.start({ SMTP_URL: mails.url, REQUIRE_VERIFIED_EMAIL: 'off' }));
afterAll(() => mails.stop());

const linkTo = (address: string, path: string): Promise<string> =>
  eventuallyFound(
    `a link to ${path} for ${address}`,
    () => mails.delivered.find(({ to, link }) => to.includes(address) && link?.includes(path))?.token,
    10_000,
  );

/** The proxy hands each request to the next instance, so that no step of what follows has that of the one before. */
describe.each(PROXIES)('three instances that take turns behind %s', (name) => {
  const service = behindProxy(name, fleet);

  it('sign in on one, refresh on others, and sign out for all of them within a second', async () => {
    let { tokens } = await service.freshUser();
    for (let step = 0; step < 7; step += 1) {
      const answer = await service.api.refresh(tokens.refreshToken);
      expect(answer.status).toBe(200);
      tokens = answer.body;
      expect(await service.verdicts(tokens.accessToken)).toEqual(['granted', 'granted', 'granted']);
    }
    expect((await service.api.post('/api/logout', {}, tokens.accessToken)).status).toBe(204);
    await service.eventuallyAll(tokens.accessToken, 'token_revoked');
    for (let each = 0; each < 3; each += 1)
      expect(outcomeOf(await service.api.refresh(tokens.refreshToken))).toBe('session_revoked');
  });

  it('repeat one another’s answers to a refresh, and find one another’s theft', async () => {
    const { tokens } = await service.freshUser();
    const key = { 'idempotency-key': 'the-first-refresh-of-the-day' };
    const rotated = await service.api.refresh(tokens.refreshToken, key);
    for (let each = 0; each < 3; each += 1) {
      const repeated = await service.api.refresh(tokens.refreshToken, key);
      expect(repeated.headers.get('x-refresh-replay')).toBe('retry');
      expect(repeated.body.refreshToken).toBe(rotated.body.refreshToken);
    }
    const raced = await Promise.all(fleet().members.map((member) => member.api.refresh(rotated.body.refreshToken)));
    expect(new Set(raced.map(({ body }) => body.refreshToken)).size).toBe(1);
    const [latest] = raced;
    if (!latest) throw new Error('nobody answered');
    let next = latest.body;
    for (let step = 0; step < 2; step += 1) next = (await service.api.refresh(next.refreshToken)).body;
    expect(outcomeOf(await service.api.refresh(tokens.refreshToken))).toBe('refresh_reused');
    await service.eventuallyAll(next.accessToken, 'token_revoked');
    expect(outcomeOf(await service.api.refresh(next.refreshToken))).toBe('session_revoked');
  });

  it('finish one another’s second steps, and take a code once between them', async () => {
    const { email, tokens } = await service.freshUser();
    const begun = await service.api.post<{ secret: string }>(
      '/api/me/totp',
      { password: PASSWORD },
      tokens.accessToken,
    );
    const app = new Authenticator(begun.body.secret, new TestClock());
    const enrolled = await service.api.post<{ recoveryCodes: string[] }>(
      '/api/me/totp/confirm',
      { code: app.code() },
      tokens.accessToken,
    );
    expect(enrolled.status).toBe(200);
    const challenges: string[] = [];
    for (let each = 0; each < 3; each += 1)
      challenges.push((await service.login({ email, password: PASSWORD })).body.mfaToken);
    const code = app.nextCode();
    // The same code for three sign-ins, on three instances, at once.
    const raced = await Promise.all(
      fleet().members.map((member, index) =>
        member.api.post<Problem>('/api/login/mfa', { mfaToken: challenges[index], code }),
      ),
    );
    expect(raced.map(outcomeOf).sort()).toEqual(['done', 'mfa_invalid', 'mfa_invalid']);
    const left = challenges.filter((_, index) => raced[index]?.status !== 200);
    expect(outcomeOf(await service.api.post('/api/login/mfa', { mfaToken: left[0], code }))).toBe('mfa_invalid');
    const recoveryCode = enrolled.body.recoveryCodes[0];
    const answer = await service.api.post<Tokens>('/api/login/mfa', { mfaToken: left[0], recoveryCode });
    expect([outcomeOf(answer as Answer<never>), decodeJwt(answer.body.accessToken).amr]).toEqual([
      'done',
      ['pwd', 'otp'],
    ]);
    expect(outcomeOf(await service.api.post('/api/login/mfa', { mfaToken: left[1], recoveryCode }))).toBe(
      'mfa_invalid',
    );
  });

  it('let a challenge die after five wrong codes, wherever they come', async () => {
    const { email, tokens } = await service.freshUser();
    const begun = await service.api.post<{ secret: string }>(
      '/api/me/totp',
      { password: PASSWORD },
      tokens.accessToken,
    );
    const app = new Authenticator(begun.body.secret, new TestClock());
    await service.api.post('/api/me/totp/confirm', { code: app.code() }, tokens.accessToken);
    const { mfaToken } = (await service.login({ email, password: PASSWORD })).body;
    for (let guess = 0; guess < 5; guess += 1)
      await service.api.post('/api/login/mfa', { mfaToken, code: app.wrongCode() });
    expect(outcomeOf(await service.api.post('/api/login/mfa', { mfaToken, code: app.nextCode() }))).toBe('mfa_invalid');
  });

  it('count guesses together', async () => {
    const { email } = await service.freshUser();
    const from = service.api.from('127.0.0.77');
    const guess = async (password: string): Promise<string> =>
      outcomeOf(await from.post<Problem>('/api/login', { email, password }));
    const told: string[] = [];
    for (let each = 0; each < 6; each += 1) told.push(await guess('wrong, wrong and wrong'));
    expect(told).toEqual([...Array<string>(5).fill('invalid_credentials'), 'rate_limited']);
    // The right one is not even looked at, by none of them.
    expect([await guess(PASSWORD), await guess(PASSWORD), await guess(PASSWORD)]).toEqual(
      Array(3).fill('rate_limited'),
    );
    from.close();
  });

  it('take one another’s links, each once, and know one another’s devices', async () => {
    const { email, tokens } = await service.freshUser();
    expect(
      outcomeOf(await service.api.post('/api/email/verify', { token: await linkTo(email, '/verify-email') })),
    ).toBe('done');
    expect((await service.api.get('/api/me', tokens.accessToken)).body.emailVerified).toBe(true);
    await service.api.post('/api/password/forgot', { email });
    const token = await linkTo(email, '/reset-password');
    const reset = { token, password: NEW };
    const raced = await Promise.all(
      fleet().members.map((member) => member.api.post<{ deviceToken: string } & Problem>('/api/password/reset', reset)),
    );
    expect(raced.map(outcomeOf).sort()).toEqual(['done', 'link_invalid', 'link_invalid']);
    await service.eventuallyAll(tokens.accessToken, 'token_revoked');
    const { deviceToken } = raced.find(({ status }) => status === 200)?.body ?? {};
    for (let guess = 0; guess < 6; guess += 1) await service.login({ email, password: PASSWORD });
    expect(outcomeOf(await service.login({ email, password: NEW }))).toBe('rate_limited');
    // A known device is let in on whichever instance.
    for (let each = 0; each < 3; each += 1)
      expect(outcomeOf(await service.login({ email, password: NEW, deviceToken }))).toBe('done');
  });
});
