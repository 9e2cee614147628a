import type { Problem, Tokens } from './support/api.js';
import { rawRequest } from './support/raw-http.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PUBLIC_URL = 'https://auth.example.com';

const start = (trustProxy: string, publicUrl = PUBLIC_URL): Promise<TestApp> =>
  startTestApp({ env: { PUBLIC_URL: publicUrl, ...(trustProxy === '' ? {} : { TRUST_PROXY: trustProxy }) } });

describe('a request behind a trusted proxy', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await start('1');
  });
  afterAll(() => service.close());

  const signIn = (
    headers: Record<string, string>,
  ): Promise<{ status: number; body: Problem & Tokens; headers: Headers }> =>
    service.api.send<Problem & Tokens>('POST', '/api/login', { json: ADMIN, headers });
  const sessions = async (): Promise<number> => (await service.sql('SELECT id FROM sessions')).length;

  it.each([
    ['X-Forwarded-Proto', { 'x-forwarded-proto': 'http' }],
    ['a list whose last entry is the proxy’s', { 'x-forwarded-proto': 'https, http' }],
    ['Forwarded', { forwarded: 'for=192.0.2.1;proto=http' }],
    ['either, with an address', { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'HTTP' }],
  ])('is refused, not redirected, where it came over plain HTTP by %s', async (_what, headers) => {
    const before = await sessions();
    const answer = await signIn(headers);
    expect([answer.status, answer.body.code]).toEqual([403, 'https_required']);
    expect(answer.body.type).toBe(`${PUBLIC_URL}/docs/errors#https_required`);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    for (const name of ['location', 'set-cookie', 'www-authenticate']) expect(answer.headers.has(name)).toBe(false);
    expect(await sessions()).toBe(before);
  });

  it('has its credentials neither checked nor counted where it came over plain HTTP', async () => {
    const { accessToken } = (await signIn({})).body;
    const wrong = { email: ADMIN.email, password: 'wrong horse battery staple' };
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const answer = await service.api.send('POST', '/api/login', {
        json: wrong,
        headers: { 'x-forwarded-proto': 'http' },
      });
      expect(answer.status).toBe(403);
    }
    expect((await signIn({})).status).toBe(200);
    const logout = { token: accessToken, headers: { 'x-forwarded-proto': 'http' } };
    expect((await service.api.send('POST', '/api/logout', logout)).status).toBe(403);
    expect((await service.api.get('/api/protected', accessToken)).status).toBe(200);
  });

  it('is refused in the JSON of RFC 6749 under /oauth', async () => {
    const headers = ['X-Forwarded-Proto: http', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 7'];
    const answer = await rawRequest(service.api.url, 'POST /oauth/introspect', headers, 'token=x');
    expect([answer.status, answer.body.error]).toEqual([403, 'unauthorized_client']);
  });

  it('is refused wherever it leads, but for the probes', async () => {
    const plain = { headers: { 'x-forwarded-proto': 'http' } };
    for (const path of [
      '/',
      '/nowhere',
      '/api/me',
      '/.well-known/jwks.json',
      '/health',
      '/healthy',
      '/health/live/x',
    ]) {
      expect([path, (await service.api.send('GET', path, plain)).status]).toEqual([path, 403]);
    }
    for (const path of ['/health/live', '/health/ready', '/health/live?x=1']) {
      expect([path, (await service.api.send('GET', path, plain)).status]).toEqual([path, 200]);
    }
  });

  it.each([
    ['https', { 'x-forwarded-proto': 'https' }],
    ['https, where the client wrote http before it', { 'x-forwarded-proto': 'http, https' }],
    ['nothing', {}],
    ['nothing that is known', { 'x-forwarded-proto': 'spdy' }],
    ['https in Forwarded', { forwarded: 'proto=https' }],
  ])('is answered where the proxy reports %s', async (_what, headers) => {
    expect((await signIn(headers)).status).toBe(200);
  });

  it('carries HSTS, whatever it is', async () => {
    const all = [
      await service.api.get('/health/live'),
      await service.api.get('/nowhere'),
      await service.api.send('GET', '/', { headers: { 'x-forwarded-proto': 'http' } }),
      await rawRequest(service.api.url, 'GET /%zz'),
      await rawRequest(service.api.url, 'GET / x'),
    ];
    for (const { headers } of all) {
      expect(headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
    }
  });
});

describe('a request that says itself that it came over plain HTTP', () => {
  it.each([
    ['nobody is trusted', '', PUBLIC_URL],
    ['somebody else is trusted', '192.0.2.0/24', PUBLIC_URL],
    ['the service is not reached over https', '1', 'http://127.0.0.1:3000'],
  ])('is answered where %s', async (_what, trustProxy, publicUrl) => {
    const service = await start(trustProxy, publicUrl);
    try {
      for (const headers of [{ 'x-forwarded-proto': 'http' }, { forwarded: 'proto=http' }]) {
        expect((await service.api.send('POST', '/api/login', { json: ADMIN, headers })).status).toBe(200);
      }
    } finally {
      await service.close();
    }
  });

  it('is judged by the outermost of two proxies', async () => {
    const service = await start('2');
    const status = async (xff: string, proto: string): Promise<number> =>
      (
        await service.api.send('GET', '/api/me', {
          headers: { 'x-forwarded-for': xff, 'x-forwarded-proto': proto },
        })
      ).status;
    try {
      // TLS ends at the outer one, and the inner one reports what it was asked by.
      expect(await status('192.0.2.1, 198.51.100.1', 'https, http')).toBe(401);
      expect(await status('192.0.2.1, 198.51.100.1', 'http, https')).toBe(403);
      expect(await status('203.0.113.9, 192.0.2.1, 198.51.100.1', 'https, http, https')).toBe(403);
      // Past the outer one.
      expect(await status('192.0.2.1', 'https, http')).toBe(403);
    } finally {
      await service.close();
    }
  });
});
