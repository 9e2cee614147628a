import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Answer, Problem, Tokens } from '../support/api.js';
import { Authenticator } from '../support/authenticator.js';
import { eventually, eventuallyFound } from '../support/eventually.js';
import type { HttpsApi } from '../support/https-api.js';
import { MailServer } from '../support/mail-server.js';
import { verdictOn } from '../support/propagation.js';
import { PROXIES, ProxiedFleet } from '../support/proxied-fleet.js';
import { ADMIN } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';

jest.setTimeout(60_000);

const PASSWORD = 'seven quiet otters juggling';
const NEW = 'eight noisy badgers resting';
/** The contract's bound for another instance, while Postgres answers. */
const WITHIN_MS = 1_000;

let mails: MailServer;
let proxied: ProxiedFleet;
let users = 0;

beforeAll(async () => {
  mails = await MailServer.start();
  proxied = await ProxiedFleet.start({ SMTP_URL: mails.url, REQUIRE_VERIFIED_EMAIL: 'off' });
});
afterAll(async () => {
  await proxied.end();
  await mails.stop();
});

const verdicts = (token: string): Promise<string[]> =>
  Promise.all(proxied.members.map((member) => verdictOn(member, token)));
/** On all three, within the bound of the contract. */
const eventuallyAll = (token: string, verdict: string): Promise<void> =>
  eventually(async () => {
    expect(await verdicts(token)).toEqual([verdict, verdict, verdict]);
  }, WITHIN_MS);
const linkTo = (address: string, path: string): Promise<string> =>
  eventuallyFound(
    `a link to ${path} for ${address}`,
    () => mails.delivered.find(({ to, link }) => to.includes(address) && link?.includes(path))?.token,
    10_000,
  );
const outcome = ({ status, body }: Answer<Partial<Problem> | undefined>): string =>
  status < 300 ? 'done' : (body?.code ?? String(status));

/** The proxy hands each request to the next instance, so that no step of what follows has that of the one before. */
describe.each(PROXIES)('three instances that take turns behind %s', (name) => {
  let api: HttpsApi;
  let admin: string;

  beforeAll(async () => {
    api = proxied.through(name);
    admin = (await api.signIn(ADMIN)).accessToken;
  });
  afterAll(() => {
    api.close();
  });

  const freshUser = async (): Promise<{ email: string; tokens: Tokens }> => {
    const email = `user${(users += 1)}@example.com`;
    return { email, tokens: await api.newUser(email, PASSWORD) };
  };
  const login = <Body = Tokens & Problem & { mfaToken: string }>(json: object): Promise<Answer<Body>> =>
    api.post<Body>('/api/login', json);

  it('sign in on one, refresh on others, and sign out for all of them within a second', async () => {
    let { tokens } = await freshUser();
    for (let step = 0; step < 7; step += 1) {
      const answer = await api.refresh(tokens.refreshToken);
      expect(answer.status).toBe(200);
      tokens = answer.body;
      expect(await verdicts(tokens.accessToken)).toEqual(['granted', 'granted', 'granted']);
    }
    expect((await api.post('/api/logout', {}, tokens.accessToken)).status).toBe(204);
    await eventuallyAll(tokens.accessToken, 'token_revoked');
    for (let each = 0; each < 3; each += 1)
      expect(outcome(await api.refresh(tokens.refreshToken))).toBe('session_revoked');
  });

  it('repeat one another’s answers to a refresh, and find one another’s theft', async () => {
    const { tokens } = await freshUser();
    const key = { 'idempotency-key': 'the-first-refresh-of-the-day' };
    const rotated = await api.refresh(tokens.refreshToken, key);
    for (let each = 0; each < 3; each += 1) {
      const repeated = await api.refresh(tokens.refreshToken, key);
      expect(repeated.headers.get('x-refresh-replay')).toBe('retry');
      expect(repeated.body.refreshToken).toBe(rotated.body.refreshToken);
    }
    const raced = await Promise.all(proxied.members.map((member) => member.api.refresh(rotated.body.refreshToken)));
    expect(new Set(raced.map(({ body }) => body.refreshToken)).size).toBe(1);
    const [latest] = raced;
    if (!latest) throw new Error('nobody answered');
    let next = latest.body;
    for (let step = 0; step < 2; step += 1) next = (await api.refresh(next.refreshToken)).body;
    expect(outcome(await api.refresh(tokens.refreshToken))).toBe('refresh_reused');
    await eventuallyAll(next.accessToken, 'token_revoked');
    expect(outcome(await api.refresh(next.refreshToken))).toBe('session_revoked');
  });

  it('finish one another’s second steps, and take a code once between them', async () => {
    const { email, tokens } = await freshUser();
    const begun = await api.post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, tokens.accessToken);
    const app = new Authenticator(begun.body.secret, new TestClock());
    const enrolled = await api.post<{ recoveryCodes: string[] }>(
      '/api/me/totp/confirm',
      { code: app.code() },
      tokens.accessToken,
    );
    expect(enrolled.status).toBe(200);
    const challenges: string[] = [];
    for (let each = 0; each < 3; each += 1) challenges.push((await login({ email, password: PASSWORD })).body.mfaToken);
    const code = app.nextCode();
    // The same code for three sign-ins, on three instances, at once.
    const raced = await Promise.all(
      proxied.members.map((member, index) =>
        member.api.post<Problem>('/api/login/mfa', { mfaToken: challenges[index], code }),
      ),
    );
    expect(raced.map(outcome).sort()).toEqual(['done', 'mfa_invalid', 'mfa_invalid']);
    const left = challenges.filter((_, index) => raced[index]?.status !== 200);
    expect(outcome(await api.post('/api/login/mfa', { mfaToken: left[0], code }))).toBe('mfa_invalid');
    const recoveryCode = enrolled.body.recoveryCodes[0];
    const answer = await api.post<Tokens>('/api/login/mfa', { mfaToken: left[0], recoveryCode });
    expect([outcome(answer as Answer<never>), decodeJwt(answer.body.accessToken).amr]).toEqual([
      'done',
      ['pwd', 'otp'],
    ]);
    expect(outcome(await api.post('/api/login/mfa', { mfaToken: left[1], recoveryCode }))).toBe('mfa_invalid');
  });

  it('let a challenge die after five wrong codes, wherever they come', async () => {
    const { email, tokens } = await freshUser();
    const begun = await api.post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, tokens.accessToken);
    const app = new Authenticator(begun.body.secret, new TestClock());
    await api.post('/api/me/totp/confirm', { code: app.code() }, tokens.accessToken);
    const { mfaToken } = (await login({ email, password: PASSWORD })).body;
    for (let guess = 0; guess < 5; guess += 1) await api.post('/api/login/mfa', { mfaToken, code: app.wrongCode() });
    expect(outcome(await api.post('/api/login/mfa', { mfaToken, code: app.nextCode() }))).toBe('mfa_invalid');
  });

  it('count guesses together', async () => {
    const { email } = await freshUser();
    const from = api.from('127.0.0.77');
    const guess = async (password: string): Promise<string> =>
      outcome(await from.post<Problem>('/api/login', { email, password }));
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
    const { email, tokens } = await freshUser();
    expect(outcome(await api.post('/api/email/verify', { token: await linkTo(email, '/verify-email') }))).toBe('done');
    expect((await api.get('/api/me', tokens.accessToken)).body.emailVerified).toBe(true);
    await api.post('/api/password/forgot', { email });
    const token = await linkTo(email, '/reset-password');
    const reset = { token, password: NEW };
    const raced = await Promise.all(
      proxied.members.map((member) => member.api.post<{ deviceToken: string } & Problem>('/api/password/reset', reset)),
    );
    expect(raced.map(outcome).sort()).toEqual(['done', 'link_invalid', 'link_invalid']);
    await eventuallyAll(tokens.accessToken, 'token_revoked');
    const { deviceToken } = raced.find(({ status }) => status === 200)?.body ?? {};
    for (let guess = 0; guess < 6; guess += 1) await login({ email, password: PASSWORD });
    expect(outcome(await login({ email, password: NEW }))).toBe('rate_limited');
    // A known device is let in on whichever instance.
    for (let each = 0; each < 3; each += 1)
      expect(outcome(await login({ email, password: NEW, deviceToken }))).toBe('done');
  });

  it('go on with one another’s cursors', async () => {
    const { email, tokens } = await freshUser();
    for (let each = 0; each < 5; each += 1) await api.signIn({ email, password: PASSWORD });
    interface Page {
      readonly items: readonly { readonly id: string }[];
      readonly nextCursor: string | null;
    }
    const all = await api.get<Page>('/api/me/sessions?limit=100', tokens.accessToken);
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Answer<Page> = await api.get<Page>(`/api/me/sessions?limit=1${query}`, tokens.accessToken);
      expect(page.status).toBe(200);
      found.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.nextCursor;
    }
    expect(found).toEqual(all.body.items.map(({ id }) => id));
    expect(found).toHaveLength(6);
  });

  it('obey an admin alike: roles, bulk revocation, a disabled user', async () => {
    const { email, tokens } = await freshUser();
    const userId = decodeJwt(tokens.accessToken).sub ?? '';
    const change = (json: object): Promise<Answer> =>
      api.send('PATCH', `/api/admin/users/${userId}`, { json, token: admin });
    expect((await change({ roles: ['editor'] })).status).toBe(200);
    await eventuallyAll(tokens.accessToken, 'token_stale');
    const refreshed = (await api.refresh(tokens.refreshToken)).body;
    expect(await verdicts(refreshed.accessToken)).toEqual(['granted', 'granted', 'granted']);
    const others = [await api.signIn({ email, password: PASSWORD }), await api.signIn({ email, password: PASSWORD })];
    const matching = { userId, reason: 'a test' };
    const dry = await api.post('/api/admin/sessions/revoke', { ...matching, dryRun: true }, admin);
    expect(dry.body).toMatchObject({ matched: 3, revoked: 0 });
    const revoked = await api.post('/api/admin/sessions/revoke', { ...matching, expected: 3 }, admin);
    expect(revoked.body).toMatchObject({ matched: 3, revoked: 3 });
    for (const { accessToken } of [refreshed, ...others]) await eventuallyAll(accessToken, 'token_revoked');
    const last = await api.signIn({ email, password: PASSWORD });
    expect((await change({ disabled: true })).status).toBe(200);
    await eventuallyAll(last.accessToken, 'token_revoked');
    for (let each = 0; each < 3; each += 1)
      expect(outcome(await login({ email, password: PASSWORD }))).toBe('account_disabled');
  });

  it('sign with one key after a rotation on one of them, and refuse what the old one signed', async () => {
    const { tokens } = await freshUser();
    const rotated = await api.post<{ kid: string }>('/api/admin/keys/rotate', { emergency: true }, admin);
    expect(rotated.status).toBe(201);
    await eventuallyAll(tokens.accessToken, 'token_stale');
    admin = (await api.signIn(ADMIN)).accessToken;
    const refreshed: string[] = [];
    let { refreshToken } = tokens;
    for (let each = 0; each < 3; each += 1) {
      const { body } = await api.refresh(refreshToken);
      refreshed.push(body.accessToken);
      refreshToken = body.refreshToken;
    }
    expect(new Set(refreshed.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
    for (const token of refreshed) expect(await verdicts(token)).toEqual(['granted', 'granted', 'granted']);
    const published = await Promise.all(
      proxied.members.map(async (member) => (await member.api.get('/.well-known/jwks.json')).text),
    );
    expect(new Set(published).size).toBe(1);
  });

  it('sign everyone out at once', async () => {
    const sessions = [(await freshUser()).tokens, (await freshUser()).tokens];
    const answer = await api.post(
      '/api/admin/sessions/revoke',
      { all: true, includeSelf: true, reason: 'a test' },
      admin,
    );
    expect(answer.status).toBe(200);
    for (const { accessToken } of [...sessions]) await eventuallyAll(accessToken, 'token_revoked');
    await eventuallyAll(admin, 'token_revoked');
    for (const { refreshToken } of sessions) expect(outcome(await api.refresh(refreshToken))).toBe('session_revoked');
    admin = (await api.signIn(ADMIN)).accessToken;
    const verified = await api.get('/api/admin/events/verify', admin);
    expect(verified.body).toMatchObject({ intact: true });
  });
});
