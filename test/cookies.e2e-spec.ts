import type { Answer, Problem, SendOptions, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const LISTED = 'https://app.example.com';
const OWN = 'http://127.0.0.1:3000';
const GUARD = { 'x-gatehouse': '1', 'content-type': 'application/json' };

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: readonly string[];
}

const cookiesOf = ({ headers }: Answer<unknown>): Cookie[] =>
  headers.getSetCookie().map((field) => {
    const [pair = '', ...attributes] = field.split('; ');
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes: attributes.sort() };
  });
const named = (answer: Answer<unknown>, name: string): Cookie | undefined =>
  cookiesOf(answer).find((cookie) => cookie.name === name);
const cleared = (answer: Answer<unknown>): boolean =>
  named(answer, '__Host-refresh')?.attributes.includes('Max-Age=0') ?? false;

let users = 0;

describe('a refresh token in a cookie', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: { CORS_ORIGINS: LISTED } });
  });
  afterAll(() => service.close());

  const send = (path: string, options: SendOptions = {}): Promise<Answer<Problem & Tokens>> =>
    service.api.send('POST', path, { json: {}, ...options });
  const login = (email: string, headers: Record<string, string> = {}): Promise<Answer<Problem & Tokens>> =>
    send('/api/login', { json: { email, password: PASSWORD, refreshTokenIn: 'cookie' }, headers });
  const user = async (): Promise<string> => {
    const email = `user${++users}@example.com`;
    await service.api.newUser(email, PASSWORD);
    return email;
  };
  const signedIn = async (): Promise<{ email: string; cookie: string; accessToken: string }> => {
    const email = await user();
    const answer = await login(email);
    const cookie = `__Host-refresh=${named(answer, '__Host-refresh')?.value ?? ''}`;
    return { email, cookie, accessToken: answer.body.accessToken };
  };
  const refresh = (cookie: string, headers: Record<string, string> = GUARD): Promise<Answer<Problem & Tokens>> =>
    send('/api/refresh', { headers: { cookie, ...headers } });

  it('is set where no script reads it, and is not in the answer, nor is the device token', async () => {
    const answer = await login(await user());
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual([
      ...['accessToken', 'expiresIn', 'refreshExpiresIn', 'sessionId', 'tokenType'],
    ]);
    const attributes = (seconds: number): string[] =>
      ['HttpOnly', `Max-Age=${seconds}`, 'Path=/', 'SameSite=Strict', 'Secure'].sort();
    const refreshCookie = named(answer, '__Host-refresh');
    expect(refreshCookie?.value).toMatch(/^rt_/);
    expect(refreshCookie?.attributes).toEqual(attributes(answer.body.refreshExpiresIn));
    const device = named(answer, '__Host-device');
    expect(device?.value).toMatch(/^dt_/);
    expect(device?.attributes).toEqual(attributes(180 * 24 * 60 * 60));
  });

  it('is not set for who wants it in the body', async () => {
    const email = await user();
    for (const json of [
      { email, password: PASSWORD },
      { email, password: PASSWORD, refreshTokenIn: 'body' },
    ]) {
      const answer = await send('/api/login', { json });
      expect(cookiesOf(answer)).toEqual([]);
      expect(answer.body).toMatchObject({ refreshToken: expect.stringMatching(/^rt_/) as string });
    }
  });

  it('is refreshed into the next one', async () => {
    const { cookie } = await signedIn();
    const answer = await refresh(cookie);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toHaveProperty('refreshToken');
    const next = named(answer, '__Host-refresh');
    expect(next?.value).toMatch(/^rt_/);
    expect(`__Host-refresh=${next?.value ?? ''}`).not.toBe(cookie);
    expect(named(answer, '__Host-device')).toBeUndefined();
    expect((await refresh(`__Host-refresh=${next?.value ?? ''}`)).status).toBe(200);
  });

  it.each([
    ['without the header X-Gatehouse', { 'x-gatehouse': '' }],
    ['with another value of it', { 'x-gatehouse': 'true' }],
    ['from an origin that is not listed', { origin: 'https://evil.example' }],
    ['from the origin null', { origin: 'null' }],
    ['from an origin that only begins like a listed one', { origin: `${LISTED}.evil.example` }],
    ['from an origin that is listed under another scheme', { origin: 'http://app.example.com' }],
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from another site that claims to be listed', { origin: LISTED, 'sec-fetch-site': 'cross-site' }],
  ])('is refused %s, and stays unspent', async (_case, headers) => {
    const { cookie, accessToken } = await signedIn();
    const refused = await refresh(cookie, { ...GUARD, ...headers });
    expectProblem(refused, 403, 'csrf_rejected');
    expect(cookiesOf(refused)).toEqual([]);
    expectProblem(await send('/api/logout', { headers: { ...GUARD, cookie, ...headers } }), 403, 'csrf_rejected');
    expect((await service.api.get('/api/me', accessToken)).status).toBe(200);
    expect((await refresh(cookie)).status).toBe(200);
  });

  it('is refused where the body is not JSON, as a form of another site would send it', async () => {
    const { cookie } = await signedIn();
    const noType = await service.api.send<Problem>('POST', '/api/refresh', {
      headers: { cookie, 'x-gatehouse': '1' },
    });
    expectProblem(noType, 403, 'csrf_rejected');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      const headers = { cookie, 'x-gatehouse': '1', 'content-type': type };
      const answer = await service.api.send<Problem>('POST', '/api/refresh', { body: '{}', headers });
      expectProblem(answer, 415, 'unsupported_media_type');
    }
  });

  it.each([
    ['the own origin', { origin: OWN, 'sec-fetch-site': 'same-origin' }],
    ['a listed origin', { origin: LISTED, 'sec-fetch-site': 'same-site' }],
    ['no browser at all', {}],
  ])('is taken from %s', async (_case, headers) => {
    const { cookie } = await signedIn();
    expect((await refresh(cookie, { ...GUARD, ...headers })).status).toBe(200);
  });

  it('gives way to one in the body', async () => {
    const { cookie } = await signedIn();
    const other = await service.api.signIn({ email: await user(), password: PASSWORD });
    const answer = await send('/api/refresh', { json: { refreshToken: other.refreshToken }, headers: { cookie } });
    expect(answer.status).toBe(200);
    expect(answer.body.sessionId).toBe(other.sessionId);
    expect(answer.body).toHaveProperty('refreshToken');
    expect(cookiesOf(answer)).toEqual([]);
  });

  it('that is not there is a missing field, or 401 for a page that uses cookies', async () => {
    expect(fieldsOf(expectProblem(await send('/api/refresh'), 400, 'validation_failed'))).toEqual(['refreshToken']);
    expectProblem(await send('/api/refresh', { headers: GUARD }), 401, 'refresh_invalid');
    expectProblem(await refresh('__Host-refresh='), 401, 'refresh_invalid');
    expectProblem(await refresh('refresh=rt_x; __Host-Refresh=rt_x'), 401, 'refresh_invalid');
  });

  it('is cleared by a refusal only where the session has ended', async () => {
    const forged = await refresh(`__Host-refresh=rt_${'A'.repeat(76)}`);
    expectProblem(forged, 401, 'refresh_invalid');
    expect(cookiesOf(forged)).toEqual([]);

    const behind = await signedIn();
    const next = `__Host-refresh=${named(await refresh(behind.cookie), '__Host-refresh')?.value ?? ''}`;
    await refresh(next);
    const superseded = await refresh(behind.cookie);
    expectProblem(superseded, 409, 'refresh_superseded');
    expect(cookiesOf(superseded)).toEqual([]);

    const revoked = await signedIn();
    await service.api.post('/api/logout', {}, revoked.accessToken);
    const ended = await refresh(revoked.cookie);
    expectProblem(ended, 401, 'session_revoked');
    expect(cleared(ended)).toBe(true);

    const old = await signedIn();
    service.clock.advance(8 * 24 * 60 * 60);
    const expired = await refresh(old.cookie);
    expectProblem(expired, 401, 'refresh_expired');
    expect(cleared(expired)).toBe(true);
  });

  it('is cleared where its reuse ended the session', async () => {
    const { cookie } = await signedIn();
    await refresh(cookie);
    service.clock.advance(31);
    const reused = await refresh(cookie);
    expectProblem(reused, 401, 'refresh_reused');
    expect(cleared(reused)).toBe(true);
  });

  it('repeats as one in the body does', async () => {
    const { cookie } = await signedIn();
    const [first, second] = [await refresh(cookie), await refresh(cookie)];
    expect(second.headers.get('x-refresh-replay')).toBe('retry');
    expect(named(second, '__Host-refresh')?.value).toBe(named(first, '__Host-refresh')?.value);
  });

  it('signs out by itself, and is cleared', async () => {
    const { cookie, accessToken } = await signedIn();
    const answer = await send('/api/logout', { headers: { ...GUARD, cookie } });
    expect([answer.status, cleared(answer)]).toEqual([204, true]);
    expect(named(answer, '__Host-device')).toBeUndefined();
    expectProblem(await service.api.get('/api/me', accessToken), 401, 'token_revoked');
    expectProblem(await refresh(cookie), 401, 'session_revoked');
    const again = await send('/api/logout', { headers: { ...GUARD, cookie } });
    expect([again.status, cleared(again)]).toEqual([204, true]);
  });

  it('is cleared by a sign-out with the access token, too', async () => {
    const { cookie, accessToken } = await signedIn();
    const answer = await send('/api/logout', { token: accessToken, headers: { cookie } });
    expect([answer.status, cleared(answer)]).toEqual([204, true]);
  });

  it('proves nothing at a sign-out without its guard, beside an access token either', async () => {
    const [victim, other] = [await signedIn(), await signedIn()];
    const answer = await send('/api/logout', { token: other.accessToken, headers: { cookie: victim.cookie } });
    expect(answer.status).toBe(204);
    expect((await service.api.get('/api/me', victim.accessToken)).status).toBe(200);
    // The session of the cookie lives on, so that the cookie stays.
    expect(cookiesOf(answer)).toEqual([]);
    expectProblem(await send('/api/logout', { headers: { cookie: victim.cookie } }), 403, 'csrf_rejected');
    expectProblem(await send('/api/logout'), 401, 'token_missing');
  });

  it('signs in nobody from another site', async () => {
    const email = await user();
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await login(email, headers);
      expectProblem(answer, 403, 'csrf_rejected');
      expect(cookiesOf(answer)).toEqual([]);
    }
    expect((await login(email, { origin: LISTED })).status).toBe(200);
  });

  it('is remembered by the second step of a sign-in', async () => {
    const email = await user();
    const { accessToken } = await service.api.signIn({ email, password: PASSWORD });
    const { body } = await service.api.post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, accessToken);
    const app = new Authenticator(body.secret, service.clock);
    await service.api.post('/api/me/totp/confirm', { code: app.code() }, accessToken);
    const first = await service.api.post<{ mfaToken: string }>('/api/login', {
      ...{ email, password: PASSWORD, refreshTokenIn: 'cookie', deviceName: 'laptop' },
    });
    expect(cookiesOf(first)).toEqual([]);
    const { mfaToken } = first.body;
    const code = app.nextCode();
    for (let time = 0; time < 6; time += 1) {
      const headers = { origin: 'https://evil.example' };
      expectProblem(await send('/api/login/mfa', { json: { mfaToken, code }, headers }), 403, 'csrf_rejected');
    }
    // Neither the code nor a try was used up by it.
    const second = await send('/api/login/mfa', { json: { mfaToken, code } });
    expect(second.status).toBe(200);
    expect(second.body).not.toHaveProperty('refreshToken');
    expect(named(second, '__Host-refresh')?.value).toMatch(/^rt_/);
    const { items } = (await service.api.get<{ items: unknown[] }>('/api/me/sessions', second.body.accessToken)).body;
    expect(items).toContainEqual(expect.objectContaining({ current: true, deviceName: 'laptop' }));
  });

  it('comes with a cookie that makes the device known at the next sign-in', async () => {
    const email = await user();
    const device = named(await login(email), '__Host-device')?.value ?? '';
    const known = await login(email, { cookie: `__Host-device=${device}` });
    expect(known.headers.get('ratelimit-policy')).toContain('login-device');
    const inBody = { email, password: PASSWORD };
    const other = await send('/api/login', { json: inBody, headers: { cookie: `__Host-device=${device}` } });
    expect(other.headers.get('ratelimit-policy')).not.toContain('login-device');
  });
});
