import type { Answer, Problem, Tokens } from './support/api.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventuallyFound } from './support/eventually.js';
import { expectProblem, expectSecurityHeaders, fieldsOf } from './support/problem.js';
import { parseRaw, rawRequest, sendRaw } from './support/raw-http.js';
import { proxyTo } from './support/tcp-proxy.js';
import type { TcpProxy } from './support/tcp-proxy.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const BODY_LIMIT = 16 * 1024;

describe('errors', () => {
  let service: TestApp;
  let tokens: Tokens;

  beforeAll(async () => {
    service = await startTestApp();
    tokens = await service.api.signIn(ADMIN);
  });
  afterAll(() => service.close());

  const login = (body: string, headers: Record<string, string> = {}): Promise<Answer<Problem>> =>
    service.api.send<Problem>('POST', '/api/login', { body, headers });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'answers %s of an unknown route with 404',
    async (method) => {
      expectProblem(await service.api.send(method, '/api/nowhere'), 404, 'not_found');
      expectProblem(await service.api.send(method, '/nowhere?x=1'), 404, 'not_found');
    },
  );

  it.each(['TRACE', 'PROPFIND', 'PUT', 'DELETE', 'OPTIONS'])(
    'answers %s of a known path, which has no such method, with 404',
    async (method) => {
      expectProblem(await rawRequest(service.api.url, `${method} /api/login`), 404, 'not_found');
      const traced = await rawRequest(service.api.url, `${method} /api/protected`, ['X-Secret: mirrored']);
      expectProblem(traced, 404, 'not_found');
      expect(traced.text).not.toContain('mirrored');
    },
  );

  it('lets no header or query change the method', async () => {
    for (const header of ['X-HTTP-Method-Override: GET', 'X-HTTP-Method: GET', 'X-Method-Override: GET']) {
      const answer = await rawRequest(service.api.url, 'POST /api/me?_method=GET', [
        header,
        `Authorization: Bearer ${tokens.accessToken}`,
        'Content-Length: 0',
      ]);
      expectProblem(answer, 404, 'not_found');
    }
  });

  it.each(['{', '{"email":}', 'nonsense', '{"a":1}{"b":2}', "{'email':'a'}", '{"email":"a",}', '\u0000', 'NaN', '[1'])(
    'answers the malformed JSON %j with 400',
    async (body) => {
      const answer = await login(body);
      expectProblem(answer, 400, 'malformed_json');
      expect(answer.headers.has('www-authenticate')).toBe(false);
    },
  );

  it.each(['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}', '{"a":{"__proto__":1}}'])(
    'refuses %s, which could reach a prototype',
    async (body) => {
      const answer = await login(body);
      expect(answer.status).toBe(400);
      expectProblem(answer, 400, answer.body.code === 'malformed_json' ? 'malformed_json' : 'validation_failed');
      expect(({} as Record<string, unknown>).admin).toBeUndefined();
    },
  );

  it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype'])(
    'refuses the member %s as the unknown field that it is',
    async (name) => {
      const answer = await login(JSON.stringify({ ...ADMIN, [name]: 1 }));
      expect([answer.status, ['validation_failed', 'malformed_json'].includes(answer.body.code)]).toEqual([400, true]);
    },
  );

  it.each([
    ['an array', '[{"email":"admin@example.com"}]'],
    ['null', 'null'],
    ['a text', '"admin@example.com"'],
    ['a number', '7'],
    ['true', 'true'],
  ])('takes no %s for a body', async (_what, body) => {
    for (const path of ['/api/login', '/api/register', '/api/refresh', '/api/logout']) {
      const answer = await service.api.send<Problem>('POST', path, { body });
      expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(['body']);
    }
  });

  it('reads an empty JSON body as {}', async () => {
    const answer = await login('', { 'content-type': 'application/json' });
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(['email', 'password']);
    const patched = await rawRequest(service.api.url, 'PATCH /api/me', [
      'Content-Type: application/json',
      'Content-Length: 0',
      `Authorization: Bearer ${tokens.accessToken}`,
    ]);
    expect(patched.status).toBe(200);
  });

  it('reads a body of 16 KiB and refuses one byte more, announced or in chunks', async () => {
    const bodyOf = (bytes: number): string => `{"x":"${'y'.repeat(bytes - 8)}"}`;
    expectProblem(await login(bodyOf(BODY_LIMIT)), 400, 'validation_failed');
    expectProblem(await login(bodyOf(BODY_LIMIT + 1)), 413, 'payload_too_large');
    const body = bodyOf(BODY_LIMIT + 1);
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
    const answer = await rawRequest(service.api.url, 'POST /api/login', headers, chunked);
    expectProblem(answer, 413, 'payload_too_large');
  });

  it('refuses JSON that is nested deeper than any request', async () => {
    expectProblem(await login(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`), 400, 'malformed_json');
    expectProblem(await login(`{"a":${'['.repeat(4000)}${']'.repeat(4000)}}`), 400, 'malformed_json');
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/jsonp',
    'application/xml',
    'x',
  ])('refuses the content type %s with 415', async (type) => {
    expectProblem(await login(JSON.stringify(ADMIN), { 'content-type': type }), 415, 'unsupported_media_type');
  });

  it.each(['gzip', 'br', 'deflate'])('refuses the content coding %s with 415', async (coding) => {
    const answer = await login(JSON.stringify(ADMIN), { 'content-encoding': coding });
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  it.each(['/%', '/%zz', '/api/me/sessions/%E0%A4%A', '/api/%c0%ae'])(
    'answers the bad URL %s with 400',
    async (path) => {
      expectProblem(await rawRequest(service.api.url, `GET ${path}`), 400, 'malformed_request');
    },
  );

  it('refuses headers that are too large with 431', async () => {
    const answer = await rawRequest(service.api.url, 'GET /api/me', [`X-Filler: ${'x'.repeat(9_000)}`]);
    expectProblem(answer, 431, 'headers_too_large');
  });

  it.each([
    ['no HTTP at all', 'hello there\r\n\r\n'],
    ['a TLS greeting', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n'],
    ['two lengths', 'POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunks',
      'POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'an unknown transfer coding',
      'POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: x\r\n\r\n',
    ],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  ])('answers %s on the socket with 400, and hangs up', async (_what, text) => {
    expectProblem(parseRaw(await sendRaw(service.api.url, text)), 400, 'malformed_request');
  });

  it.each([
    ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', 'GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
  ])('answers a request with %s with 400', async (_what, text) => {
    expectProblem(parseRaw(await sendRaw(service.api.url, text)), 400, 'malformed_request');
  });

  it.each([
    ['an unknown parameter', '?colour=red', ['colour']],
    ['a repeated one', '?limit=5&limit=6', ['limit']],
    ['a number that is none', '?limit=five', ['limit']],
    ['a number out of bounds', '?limit=101', ['limit']],
    ['a list', '?limit[]=5', ['limit[]']],
    ['a prototype', '?__proto__[admin]=1&constructor=1', ['__proto__[admin]', 'constructor']],
  ])('refuses %s in a query', async (_what, query, fields) => {
    const answer = await service.api.get(`/api/me/sessions${query}`, tokens.accessToken);
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(fields);
  });

  it('refuses a cursor that was altered, invented or taken from another list', async () => {
    for (let session = 0; session < 2; session += 1) await service.api.signIn(ADMIN);
    const first = await service.api.get<{ nextCursor: string }>('/api/me/sessions?limit=1', tokens.accessToken);
    const { nextCursor } = first.body;
    const other = await service.api.newUser('cursor@example.com');
    const taken = await service.api.get(`/api/me/sessions?cursor=${nextCursor}`, other.accessToken);
    expectProblem(taken, 400, 'validation_failed');
    for (const cursor of [`${nextCursor}A`, nextCursor.slice(1), 'x', '%27%3B--', nextCursor.toLowerCase()]) {
      const answer = await service.api.get(`/api/me/sessions?cursor=${cursor}`, tokens.accessToken);
      expectProblem(answer, 400, 'validation_failed');
    }
  });

  it.each(['1', 'x', "' OR 1=1 --", '%00', '../me', '0198C7A0-0000-7000-8000-000000000000', 'x'.repeat(300)])(
    'finds nothing under the id %j',
    async (id) => {
      const path = `/api/me/sessions/${encodeURIComponent(id)}`;
      expectProblem(await service.api.delete(path, tokens.accessToken), 404, 'not_found');
    },
  );

  it('sends no body with the refusal of a HEAD, which is guarded as GET is', async () => {
    const head = await rawRequest(service.api.url, 'HEAD /api/protected');
    expect([head.status, head.text, head.headers.get('www-authenticate')]).toEqual([
      401,
      '',
      'Bearer realm="gatehouse"',
    ]);
    expectSecurityHeaders(head.headers);
  });

  it('takes the access token of one Authorization header alone', async () => {
    const once = `Authorization: Bearer ${tokens.accessToken}`;
    expect((await rawRequest(service.api.url, 'GET /api/protected', [once])).status).toBe(200);
    for (const headers of [
      [once, once],
      [once, 'Authorization: Basic eA=='],
      [`${once}, Bearer x`],
      [`${once} x`],
      ['Authorization: Bearer'],
      ['Authorization: Bearer  '],
    ]) {
      expectProblem(await rawRequest(service.api.url, 'GET /api/protected', headers), 401, 'token_invalid');
    }
    for (const header of ['Authorization: Basic eA==', `Authorization: ${tokens.accessToken}`, 'Authorization:']) {
      expectProblem(await rawRequest(service.api.url, 'GET /api/protected', [header]), 401, 'token_missing');
    }
  });
});

describe('while the database is away', () => {
  let database: TestDatabase;
  let wire: TcpProxy;
  let service: TestApp;
  let tokens: Tokens;

  beforeAll(async () => {
    database = await createTestDatabase();
    wire = await proxyTo(database.url);
    service = await startTestApp({ database: { url: wire.url, drop: () => Promise.resolve() } });
    tokens = await service.api.signIn(ADMIN);
  });
  afterEach(() => wire.mend());
  afterAll(async () => {
    await service.close();
    await wire.close();
    await database.drop();
  });

  const isUp = (): Promise<true> =>
    eventuallyFound('the service is ready again', async () =>
      (await service.api.get('/health/ready')).status === 200 ? true : undefined,
    );
  const expectAway = (answer: Answer<unknown>, code = 'unavailable'): void => {
    expectProblem(answer, 503, code);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.has('www-authenticate')).toBe(false);
  };

  it('answers 503 with Retry-After on every route that needs it, never 500, and recovers by itself', async () => {
    await wire.cut();
    expectAway(await service.api.post('/api/login', ADMIN));
    expectAway(await service.api.post('/api/login', { ...ADMIN, email: 'nobody@example.com' }));
    expectAway(await service.api.post('/api/register', { email: 'a@example.com', password: 'quiet otters juggling' }));
    expectAway(await service.api.refresh(tokens.refreshToken));
    expectAway(await service.api.get('/api/me', tokens.accessToken));
    expectAway(await service.api.get('/api/me/sessions', tokens.accessToken));
    expectAway(await service.api.post('/api/logout', { refreshToken: tokens.refreshToken }));
    const ready = await service.api.get('/health/ready');
    expect([ready.status, ready.body]).toMatchObject([503, { status: 'down', checks: { database: 'down' } }]);
    expect((await service.api.get('/health/live')).status).toBe(200);
    await wire.mend();
    await isUp();
    const again = await service.api.refresh(tokens.refreshToken);
    expect(again.status).toBe(200);
    tokens = again.body;
    expect((await service.api.get('/api/me', tokens.accessToken)).status).toBe(200);
  });

  it('grants what it can know for 5 s, then refuses rather than overlook a revocation', async () => {
    await wire.cut();
    expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(200);
    service.clock.advance(6);
    expectAway(await service.api.get('/api/protected', tokens.accessToken), 'revocation_unknown');
    const ready = await service.api.get('/health/ready');
    expect(ready.body).toMatchObject({ status: 'down', checks: { revocations: 'down' } });
    await wire.mend();
    await isUp();
    expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(200);
  });

  it('does not guess: a password that could not be looked at is neither right nor wrong', async () => {
    await wire.cut();
    const codes = new Set<unknown>();
    for (let time = 0; time < 8; time += 1) codes.add((await service.api.post('/api/login', ADMIN)).body.code);
    expect([...codes]).toEqual(['unavailable']);
    await wire.mend();
    await isUp();
    await expect(service.api.signIn(ADMIN)).resolves.toBeDefined();
  });

  it('says within 2 s that it is not ready when Postgres does not answer at all', async () => {
    wire.freeze();
    const asked = Date.now();
    expect((await service.api.get('/health/ready')).status).toBe(503);
    expect(Date.now() - asked).toBeLessThan(2_000);
    await wire.mend();
    await isUp();
  });

  it('survives that Postgres ends every connection', async () => {
    await service.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await isUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => service.api.get('/api/me', tokens.accessToken)));
    for (const { status } of answers) expect([200, 503]).toContain(status);
    expect((await service.api.get('/api/me', tokens.accessToken)).status).toBe(200);
  });
});
