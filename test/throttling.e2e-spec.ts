import { decodeJwt } from 'jose';
import type { Answer, SendOptions } from './support/api.js';
import { expectProblem } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

let clients = 0;
const freshIp = (): string => `10.0.${Math.floor(++clients / 250)}.${(clients % 250) + 1}`;

describe('throttling', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: { RATE_LIMIT: 'on', TRUST_PROXY: '1' } });
  });
  afterAll(() => service.close());

  const send = (method: string, path: string, ip: string, options: SendOptions = {}): Promise<Answer> =>
    service.api.send(method, path, { ...options, headers: { 'x-forwarded-for': ip, ...options.headers } });
  /** How many of `count` requests were not refused as too many. */
  const passing = async (count: number, request: () => Promise<Answer>): Promise<number> => {
    let passed = 0;
    for (let sent = 0; sent < count; sent += 50) {
      const batch = await Promise.all(Array.from({ length: Math.min(50, count - sent) }, request));
      passed += batch.filter(({ status }) => status !== 429).length;
    }
    return passed;
  };

  it.each([
    ['/api/register', 'register', 10],
    ['/api/password/forgot', 'register', 10],
    ['/api/email/resend', 'register', 10],
    ['/api/login', 'login', 60],
    ['/api/email/verify', 'login', 60],
    ['/api/password/reset', 'login', 60],
    ['/api/refresh', 'refresh', 300],
  ])('lets %s be called as often as its policy says, from one address in a minute', async (path, policy, quota) => {
    const [ip, elsewhere] = [freshIp(), freshIp()];
    // Refused as malformed, but counted before that.
    expect(await passing(quota + 10, () => send('POST', path, ip, { json: {} }))).toBe(quota);
    const refused = await send('POST', path, ip, { json: {} });
    expectProblem(refused, 429, 'rate_limited');
    const retryAfter = Number(refused.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit-policy')).toBe(`"${policy}-requests";q=${quota};w=60`);
    expect(refused.headers.get('ratelimit')).toBe(`"${policy}-requests";r=0;t=${retryAfter}`);
    expect((await send('POST', path, elsewhere, { json: {} })).status).toBe(400);
  });

  it('tells of each limit that a sign-in counts against', async () => {
    const answer = await send('POST', '/api/login', freshIp(), { json: { ...ADMIN, password: 'x' } });
    expect(answer.headers.get('ratelimit-policy')).toBe(
      '"login-requests";q=60;w=60, "login";q=5;w=900, "login-network";q=100;w=900',
    );
    expect(answer.headers.get('ratelimit')).toMatch(
      /^"login-requests";r=59;t=\d+, "login";r=4;t=\d+, "login-network";r=99;t=\d+$/,
    );
  });

  it('counts a user over all tokens and addresses, on all bearer routes together', async () => {
    const user = { email: 'busy@example.com', password: 'seven quiet otters juggling' };
    await service.api.newUser(user.email, user.password);
    const one = (await service.api.signIn(user)).accessToken;
    const two = (await service.api.signIn(user)).accessToken;
    expect(await passing(300, () => send('GET', '/api/protected', freshIp(), { token: one }))).toBe(300);
    expect(await passing(310, () => send('GET', '/api/me', freshIp(), { token: two }))).toBe(300);
    const refused = await send('GET', '/api/protected', freshIp(), { token: one });
    expectProblem(refused, 429, 'rate_limited');
    expect(refused.headers.get('ratelimit-policy')).toBe('"bearer-requests";q=600;w=60');
    const other = (await service.api.signIn(ADMIN)).accessToken;
    expect((await send('GET', '/api/protected', freshIp(), { token: other })).status).toBe(200);
  });

  it('lets nobody spend the budget of a user by tokens that do not hold', async () => {
    const victim = await service.api.newUser('victim@example.com');
    const [head, , signature] = victim.accessToken.split('.');
    const payload = Buffer.from(JSON.stringify({ ...decodeJwt(victim.accessToken), exp: 9e9 })).toString('base64url');
    const forged = `${head ?? ''}.${payload}.${signature ?? ''}`;
    const ip = freshIp();
    expect(await passing(610, () => send('GET', '/api/protected', ip, { token: forged }))).toBe(600);
    expectProblem(await send('GET', '/api/protected', ip), 429, 'rate_limited');
    const answer = await send('GET', '/api/protected', ip, { token: victim.accessToken });
    expect([answer.status, answer.headers.get('ratelimit')?.split(';t=')[0]]).toEqual([200, '"bearer-requests";r=599']);
  });

  it('counts an IPv6 network of 64 bits as one client, and an address mapped into IPv6 as the IPv4 one', async () => {
    let host = 0;
    const inNetwork = (): Promise<Answer> => send('POST', '/api/register', `2001:db8:7:8::${++host}`, { json: {} });
    expect(await passing(15, inNetwork)).toBe(10);
    expect((await send('POST', '/api/register', '2001:db8:7:9::1', { json: {} })).status).toBe(400);
    const ip = freshIp();
    expect(await passing(10, () => send('POST', '/api/register', ip, { json: {} }))).toBe(10);
    expectProblem(await send('POST', '/api/register', `::ffff:${ip}`, { json: {} }), 429, 'rate_limited');
  });

  it('believes the one trusted hop alone: what a client puts before it changes nothing', async () => {
    const ip = freshIp();
    let invented = 0;
    expect(await passing(15, () => send('POST', '/api/register', `203.0.113.${++invented}, ${ip}`, { json: {} }))).toBe(
      10,
    );
  });

  it('never counts a probe', async () => {
    const ip = freshIp();
    expect(await passing(700, () => send('GET', '/health/live', ip))).toBe(700);
    const answer = await send('GET', '/health/ready', ip);
    expect([answer.status, answer.headers.has('ratelimit')]).toEqual([200, false]);
  });

  it('lets go when the minute is over', async () => {
    const ip = freshIp();
    expect(await passing(11, () => send('POST', '/api/register', ip, { json: {} }))).toBe(10);
    service.clock.advance(61);
    expect((await send('POST', '/api/register', ip, { json: {} })).status).toBe(400);
  });
});

describe('without RATE_LIMIT', () => {
  it('no request is throttled, but guesses are counted all the same', async () => {
    const service = await startTestApp({ env: { RATE_LIMIT: 'off' } });
    try {
      for (let sent = 0; sent < 70; sent += 1) expect((await service.api.post('/api/login')).status).toBe(400);
      const statuses: number[] = [];
      for (let guess = 0; guess < 6; guess += 1) {
        statuses.push((await service.api.post('/api/login', { ...ADMIN, password: 'x' })).status);
      }
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    } finally {
      await service.close();
    }
  });
});
