import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { UsersService } from '../src/users/users.service.js';
import type { Tokens } from './support/api.js';
import { CapturedLog } from './support/captured-log.js';
import type { LogEntry } from './support/captured-log.js';
import { eventually } from './support/eventually.js';
import { sendRaw } from './support/raw-http.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const ORIGIN = 'https://app.example.com';
const REQUEST_MEMBERS = [
  'client',
  'context',
  'durationMs',
  'level',
  'message',
  'method',
  'requestId',
  'route',
  'status',
  'time',
];

describe('the log of requests', () => {
  let service: TestApp;
  const log = new CapturedLog();
  let tokens: Tokens;
  let userId: string;

  beforeAll(async () => {
    const env = { LOG_LEVEL: 'debug', CORS_ORIGINS: ORIGIN, TRUST_PROXY: '1' };
    service = await startTestApp({ env, logTo: log.sink });
    tokens = await service.api.signIn(ADMIN);
    userId = String((await service.api.get('/api/me', tokens.accessToken)).body.id);
  });
  afterAll(() => service.close());

  /** Sends with a request id of its own. @returns the one line of that request */
  async function lineOf(
    method: string,
    path: string,
    options: Parameters<TestApp['api']['send']>[2] = {},
  ): Promise<LogEntry> {
    const requestId = randomUUID();
    const headers = { 'x-request-id': requestId, ...options.headers };
    await service.api.send(method, path, { ...options, headers });
    return onlyLine(requestId);
  }
  async function onlyLine(requestId: string): Promise<LogEntry> {
    const line = await log.eventually({ context: 'Request', requestId });
    expect(log.with({ context: 'Request', requestId })).toHaveLength(1);
    return line;
  }
  const connect = async (): Promise<Socket> => {
    const { hostname, port } = new URL(service.api.url);
    const socket = createConnection(Number(port), hostname);
    await once(socket, 'connect');
    return socket;
  };

  it('has one line for a request, with its route, its status, its time and who it came from', async () => {
    const line = await lineOf('GET', '/api/me?secret=canary', { token: tokens.accessToken });
    expect(line).toMatchObject({
      level: 'info',
      message: 'GET /api/me 200',
      method: 'GET',
      route: '/api/me',
      status: 200,
      userId,
      sessionId: tokens.sessionId,
      client: '127.0.0.1',
    });
    expect(line.durationMs).toBeGreaterThan(0);
    expect(Object.keys(line).sort()).toEqual([...REQUEST_MEMBERS, 'sessionId', 'userId'].sort());
  });

  it('names the route by its pattern, never by what was in the path or the query', async () => {
    const line = await lineOf('DELETE', '/api/me/sessions/canary-in-a-path?token=canary-in-a-query', {
      token: tokens.accessToken,
    });
    expect(line).toMatchObject({ route: '/api/me/sessions/:id', status: 404 });
    const nowhere = await lineOf('GET', '/canary-nowhere/canary?canary');
    expect(nowhere).toMatchObject({ message: 'GET (no route) 404', status: 404 });
    expect(log.text).not.toContain('canary');
  });

  it('names the user where a later check refuses, and nobody where the token is bad', async () => {
    const someone = { email: 'someone@example.com', password: 'seven quiet otters juggle' };
    await service.api.post('/api/register', someone);
    const { accessToken, sessionId } = await service.api.signIn(someone);
    const forbidden = await lineOf('GET', '/api/admin/users', { token: accessToken });
    expect(forbidden).toMatchObject({ status: 403, sessionId, userId: expect.any(String) as unknown });
    const refused = await lineOf('GET', '/api/me', { token: `${tokens.accessToken}x` });
    expect(refused).toMatchObject({ status: 401 });
    expect(Object.keys(refused)).not.toContain('userId');
  });

  it('names the session that a sign-in opens and a refresh continues', async () => {
    const opened = await lineOf('POST', '/api/login', { json: ADMIN });
    expect(opened).toMatchObject({ status: 200, route: '/api/login', sessionId: expect.any(String) as unknown });
    const refreshed = await lineOf('POST', '/api/refresh', { json: { refreshToken: tokens.refreshToken } });
    expect(refreshed).toMatchObject({ status: 200, sessionId: tokens.sessionId });
    const forged = await lineOf('POST', '/api/refresh', {
      json: { refreshToken: `${tokens.refreshToken.slice(0, -2)}xx` },
    });
    expect(forged).toMatchObject({ status: 401 });
    expect(Object.keys(forged)).not.toContain('sessionId');
  });

  it('has the address that the trusted proxy says, and no word of a forged one', async () => {
    const requestId = randomUUID();
    const forged = 'X-Forwarded-For: nonsense\u0009\u009b31m, 203.0.113.9, 192.0.2.7';
    await sendRaw(
      service.api.url,
      `GET /api/me HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${requestId}\r\n${forged}\r\nConnection: close\r\n\r\n`,
    );
    const line = await onlyLine(requestId);
    expect(line.client).toBe('192.0.2.7');
    expect(log.text).not.toContain('nonsense');
  });

  it('tells of probes at debug alone', async () => {
    expect(await lineOf('GET', '/health/live')).toMatchObject({ level: 'debug', route: '/health/live', status: 200 });
  });

  it('has a line for a preflight, a body that is too large, malformed JSON and a method that no route has', async () => {
    const preflight = { origin: ORIGIN, 'access-control-request-method': 'POST' };
    expect(await lineOf('OPTIONS', '/api/login', { headers: preflight })).toMatchObject({ status: 204 });
    expect(await lineOf('POST', '/api/login', { json: { email: 'x'.repeat(20_000) } })).toMatchObject({ status: 413 });
    expect(await lineOf('POST', '/api/login', { body: '{"canary' })).toMatchObject({
      status: 400,
      route: '/api/login',
    });
    expect(await lineOf('PUT', '/api/login')).toMatchObject({ status: 404, method: 'PUT' });
  });

  it('has a line of a fault at error, and its cause under the same request id', async () => {
    const find = jest
      .spyOn(service.app.get(UsersService), 'findById')
      .mockRejectedValueOnce(new Error('broken inside'));
    const line = await lineOf('GET', '/api/me', { token: tokens.accessToken });
    find.mockRestore();
    expect(line).toMatchObject({ level: 'error', status: 500 });
    const [cause] = log.with({ context: 'ProblemFilter', requestId: line.requestId });
    expect(cause).toMatchObject({ level: 'error', stack: expect.stringContaining('broken inside') as unknown });
  });

  it('has a line of what the router refuses', async () => {
    const requestId = randomUUID();
    await sendRaw(
      service.api.url,
      `GET /%zz HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${requestId}\r\nConnection: close\r\n\r\n`,
    );
    expect(await onlyLine(requestId)).toMatchObject({ status: 400 });
  });

  it.each([
    ['GET / HTTP/9\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`, 431],
    ['GET /\u001b[31m HTTP/1.1\r\nHost: x\r\nBad header: canary\r\n\r\n', 400],
  ])('has a line of what the parser refuses, under the id of the answer', async (text, status) => {
    const answer = await sendRaw(service.api.url, text);
    const [, requestId = ''] = /x-request-id: (\S+)/.exec(answer) ?? [];
    const line = await log.eventually({ context: 'Request', requestId });
    expect(line).toMatchObject({ status, client: '127.0.0.1' });
    expect(log.text).not.toContain('canary');
  });

  it('has one line of a request whose body the parser refuses halfway', async () => {
    const requestId = randomUUID();
    const head = [
      'POST /api/login HTTP/1.1',
      'Host: x',
      `X-Request-Id: ${requestId}`,
      'Content-Type: application/json',
    ];
    const body = 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"ema\r\nzz\r\n';
    const answer = await sendRaw(service.api.url, `${head.join('\r\n')}\r\n${body}`);
    expect(answer).toContain(`x-request-id: ${requestId}`);
    expect(await onlyLine(requestId)).toMatchObject({ method: 'POST', route: '/api/login', status: 400 });
    expect(Object.keys(await onlyLine(requestId))).not.toContain('aborted');
  });

  it('says of a request whose client left before its answer that it was aborted', async () => {
    const requestId = randomUUID();
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    let asked = (): void => undefined;
    const reached = new Promise<void>((resolve) => (asked = resolve));
    const users = service.app.get(UsersService);
    const find = jest.spyOn(users, 'findById').mockImplementationOnce(async () => {
      asked();
      await held;
      throw new Error('nobody waits any more');
    });
    const socket = await connect();
    socket.write(
      `GET /api/me HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${requestId}\r\nAuthorization: Bearer ${tokens.accessToken}\r\n\r\n`,
    );
    await reached;
    socket.destroy();
    const line = await onlyLine(requestId);
    answer();
    find.mockRestore();
    expect(line).toMatchObject({
      level: 'info',
      aborted: true,
      message: 'GET /api/me aborted',
      userId,
      client: '127.0.0.1',
    });
    expect(Object.keys(line)).not.toContain('status');
  });

  it('says so too of a body that did not come whole, and of an answer that waited behind another', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const socket = await connect();
    const begun = once(service.app.getHttpServer(), 'request');
    socket.write(
      `POST /api/login HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${first}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{`,
    );
    await begun;
    socket.resetAndDestroy();
    expect(await onlyLine(first)).toMatchObject({ aborted: true, route: '/api/login' });

    const pipelined = await connect();
    const ask = (path: string, id: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\n\r\n`;
    const third = randomUUID();
    const find = jest
      .spyOn(service.app.get(UsersService), 'findById')
      .mockImplementation(() => new Promise(() => undefined));
    pipelined.write(
      ask('/api/me', third).replace('\r\n\r\n', `\r\nAuthorization: Bearer ${tokens.accessToken}\r\n\r\n`),
    );
    pipelined.write(ask('/nowhere', second));
    await eventually(() => {
      expect(find).toHaveBeenCalled();
    });
    pipelined.destroy();
    expect(await onlyLine(third)).toMatchObject({ aborted: true });
    expect(await onlyLine(second)).toMatchObject({ aborted: true, method: 'GET' });
    find.mockRestore();
  });

  it('has one line of a stream, at its end', async () => {
    const admin = await service.api.post<{ clientId: string; clientSecret: string }>(
      '/api/admin/clients',
      { name: 'guard' },
      tokens.accessToken,
    );
    const { clientId, clientSecret } = admin.body;
    const requestId = randomUUID();
    const stop = new AbortController();
    const response = await fetch(new URL('/api/revocations', service.api.url), {
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'x-request-id': requestId,
      },
      signal: stop.signal,
    });
    expect(response.status).toBe(200);
    await response.body?.getReader().read();
    expect(log.with({ context: 'Request', requestId })).toEqual([]);
    stop.abort();
    const line = await onlyLine(requestId);
    expect(line).toMatchObject({ route: '/api/revocations', status: 200, aborted: true, serviceClientId: clientId });
    expect(log.text).not.toContain(clientSecret);
  });

  it('holds no header, no body and no address of a person', () => {
    expect(log.text).not.toMatch(/Bearer [a-z]|Basic [a-z]|eyJ|rt_|user-?agent|@example\.com/i);
  });
});
