import { UsersService } from '../src/users/users.service.js';
import type { Answer } from './support/api.js';
import { expectProblem, expectSecurityHeaders } from './support/problem.js';
import { rawRequest } from './support/raw-http.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const APP = 'https://app.example.com';
const CORS_FIELDS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
  'access-control-max-age',
];
const corsOf = ({ headers }: Answer<unknown>): string[] => CORS_FIELDS.filter((name) => headers.has(name));

describe('the headers of every answer', () => {
  let service: TestApp;
  let token: string;

  beforeAll(async () => {
    service = await startTestApp();
    token = (await service.api.signIn(ADMIN)).accessToken;
  });
  afterAll(() => service.close());

  it('are those of helmet on success, on a refusal and on health', async () => {
    for (const answer of [
      await service.api.get('/api/protected', token),
      await service.api.get('/api/protected'),
      await service.api.get('/api/protected', 'x.y.z'),
      await service.api.get('/nowhere'),
      await service.api.post('/api/login'),
      await service.api.post('/api/login', ADMIN),
      await service.api.send('POST', '/api/logout', { token: (await service.api.signIn(ADMIN)).accessToken }),
      await service.api.get('/health/live'),
      await service.api.get('/health/ready'),
    ]) {
      expectSecurityHeaders(answer.headers);
      for (const name of ['cross-origin-opener-policy', 'cross-origin-resource-policy', 'x-dns-prefetch-control']) {
        expect(answer.headers.get(name)).toBeTruthy();
      }
      expect(answer.headers.has('set-cookie')).toBe(false);
      expect(answer.headers.has('etag')).toBe(false);
    }
  });

  it('are those of helmet on a fault, whose answer tells nothing of the inside', async () => {
    const fault = new Error('relation "users" at /srv/secret/path.ts:1:2');
    const find = jest.spyOn(service.app.get(UsersService), 'findById').mockRejectedValue(fault);
    const log = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const errors = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const answer = await service.api.get('/api/me', token);
    const lines = JSON.stringify([...log.mock.calls, ...errors.mock.calls]);
    for (const spy of [find, log, errors]) spy.mockRestore();
    const { requestId } = expectProblem(answer, 500, 'internal_error');
    expect(answer.text).not.toMatch(/relation|secret|path\.ts/);
    // Whoever runs the service finds the cause by that id.
    expect(lines).toContain(requestId);
    expect(lines).toContain('secret/path.ts');
  });

  it('keep the request id of a caller where it is safe, and replace it where it is not', async () => {
    const idOf = async (sent: string): Promise<string | null> =>
      (await service.api.send('GET', '/nowhere', { headers: { 'x-request-id': sent } })).headers.get('x-request-id');
    for (const kept of ['abcdefgh', 'A.b_c-123', 'x'.repeat(64)]) expect(await idOf(kept)).toBe(kept);
    for (const replaced of ['short', 'x'.repeat(65), 'has spaces in it', '<script>alert(1)</script>', 'a,b,c,d,e,f']) {
      expect(await idOf(replaced)).toMatch(/^[0-9a-f-]{36}$/);
    }
    const twice = await rawRequest(service.api.url, 'GET /nowhere', [
      'X-Request-Id: abcdefgh',
      'X-Request-Id: ijklmnop',
    ]);
    expect(twice.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('give every request an id of its own', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => service.api.get('/health/live')));
    expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(20);
  });

  it('let no other origin in, where none is configured', async () => {
    for (const origin of [APP, 'null', 'http://127.0.0.1:3000', service.api.url]) {
      const simple = await service.api.send('GET', '/api/protected', { token, headers: { origin } });
      const preflight = await service.api.send('OPTIONS', '/api/login', {
        headers: { origin, 'access-control-request-method': 'POST' },
      });
      expect([simple.status, corsOf(simple)]).toEqual([200, []]);
      expectProblem(preflight, 404, 'not_found');
      expect(corsOf(preflight)).toEqual([]);
    }
  });
});

describe('requests from other origins', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: { CORS_ORIGINS: `${APP},http://localhost:5173` } });
  });
  afterAll(() => service.close());

  const from = (origin: string, method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    service.api.send(method, path, { headers: { origin, ...headers } });
  const listOf = (answer: Answer, name: string): string[] =>
    (answer.headers.get(name) ?? '').split(',').map((each) => each.trim());

  it.each([APP, 'http://localhost:5173'])('are let in from the listed %s, on errors too', async (origin) => {
    for (const path of ['/api/protected', '/nowhere', '/health/live']) {
      const answer = await from(origin, 'GET', path);
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
      expect(listOf(answer, 'vary')).toContain('Origin');
      expect(listOf(answer, 'access-control-expose-headers').sort()).toEqual(
        ['Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate', 'X-Request-Id', 'X-Refresh-Replay'].sort(),
      );
    }
  });

  it('are announced by a preflight that a listed origin gets answered', async () => {
    for (const [path, method] of [
      ['/api/login', 'POST'],
      ['/api/me', 'PATCH'],
      ['/api/me/sessions', 'DELETE'],
    ] as const) {
      const answer = await from(APP, 'OPTIONS', path, {
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type',
      });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers.get('access-control-allow-origin')).toBe(APP);
      expect(listOf(answer, 'access-control-allow-methods')).toContain(method);
      expect(listOf(answer, 'access-control-allow-headers').sort()).toEqual(
        ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-Gatehouse', 'X-Request-Id'].sort(),
      );
      expectSecurityHeaders(answer.headers);
    }
  });

  it.each([
    'null',
    'https://evil.example',
    `${APP}.evil.example`,
    'https://evilapp.example.com',
    'https://app.example.com.',
    'http://app.example.com',
    `${APP}:8443`,
    `${APP}/`,
    'https://APP.example.com',
    `${APP}, https://evil.example`,
    'http://localhost',
    'http://localhost:51730',
    '*',
  ])('are not let in from %s', async (origin) => {
    const simple = await from(origin, 'GET', '/health/live');
    expect([simple.status, corsOf(simple)]).toEqual([200, []]);
    expect(listOf(simple, 'vary')).toContain('Origin');
    const preflight = await from(origin, 'OPTIONS', '/api/login', { 'access-control-request-method': 'POST' });
    expectProblem(preflight, 404, 'not_found');
    expect(corsOf(preflight)).toEqual([]);
  });

  it('vary by origin also where none was sent, so that no cache mixes them up', async () => {
    const answer = await service.api.get('/health/live');
    expect([listOf(answer, 'vary').includes('Origin'), corsOf(answer)]).toEqual([true, []]);
  });
});
