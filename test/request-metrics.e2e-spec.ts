import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { eventually } from './support/eventually.js';
import { rawRequest, sendRaw } from './support/raw-http.js';
import { nameOf, declaredRoutes } from './support/routes.js';
import { Scrape } from './support/scrape.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const REQUESTS = 'gatehouse_http_requests_total';
const DURATION = 'gatehouse_http_request_duration_seconds';
const IN_FLIGHT = 'gatehouse_http_requests_in_flight';

describe('requests in the metrics', () => {
  let service: TestApp;

  beforeEach(async () => {
    service = await startTestApp();
  });
  afterEach(() => service.close());

  const scrape = (): Promise<Scrape> => Scrape.of(service.app);
  const count = async (labels: Record<string, string>): Promise<number> =>
    (await scrape()).value(REQUESTS, labels) ?? 0;
  /** An answer is counted when it is out, which may be just after its client has read it. */
  const counted = (labels: Record<string, string>, times: number): Promise<void> =>
    eventually(async () => {
      expect(await count(labels)).toBe(times);
    });
  const connected = (text: string): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(service.api.url);
      const socket = createConnection(Number(port), hostname, () => {
        socket.write(text, 'latin1', () => {
          resolve(socket);
        });
      }).on('error', reject);
    });

  it('are counted by method, template of the route and status, and timed', async () => {
    const { accessToken } = await service.api.signIn(ADMIN);
    await service.api.get('/api/me/sessions', accessToken);
    await service.api.delete('/api/me/sessions/019a0000-0000-7000-8000-000000000000', accessToken);
    await service.api.get('/api/me');
    await counted({ method: 'POST', route: '/api/login', status: '200' }, 1);
    await counted({ method: 'DELETE', route: '/api/me/sessions/:id', status: '404' }, 1);
    await counted({ method: 'GET', route: '/api/me', status: '401' }, 1);
    const found = await scrape();
    const login = { method: 'POST', route: '/api/login' };
    expect(found.value(`${DURATION}_count`, login)).toBe(1);
    expect(found.value(`${DURATION}_sum`, login)).toBeGreaterThan(0.001);
    const buckets = found.series(`${DURATION}_bucket`, login).map(({ value }) => value);
    expect(buckets).toEqual([...buckets].sort((one, other) => one - other));
    expect(buckets.at(-1)).toBe(1);
  });

  it('have errors of every declared route counted from 0 on, so that a rate sees the first', async () => {
    const found = await scrape();
    const lacking = declaredRoutes(service.app).filter(
      ({ method, path }) => found.value(REQUESTS, { method, route: path, status: '500' }) !== 0,
    );
    expect(lacking.map(nameOf)).toEqual([]);
  });

  it('make no series, whatever paths and methods somebody asks for', async () => {
    await rawRequest(service.api.url, 'GET /api/nowhere');
    const series = async (): Promise<number> => (await scrape()).samples.length;
    await counted({ method: 'GET', route: 'unknown', status: '404' }, 1);
    const before = await series();
    const paths = Array.from({ length: 200 }, (_none, at) => `/api/nowhere/${at}?q="\\${at}`);
    for (const path of paths) await rawRequest(service.api.url, `GET ${path}`);
    await counted({ method: 'GET', route: 'unknown', status: '404' }, 201);
    expect(await series()).toBe(before);
    for (const method of ['PROPFIND', 'SUBSCRIBE', 'MKCOL', 'TRACE', 'REPORT'])
      await rawRequest(service.api.url, `${method} /api/login`);
    await counted({ method: 'unknown', route: 'unknown', status: '404' }, 5);
    const methods = new Set((await scrape()).series(REQUESTS).map(({ labels }) => labels.method));
    expect(
      [...methods].filter((name) => !/^(GET|HEAD|POST|PATCH|PUT|DELETE|OPTIONS|unknown)$/.test(name ?? '')),
    ).toEqual([]);
  });

  it.each([
    ['that Node’s parser refuses', 'GOT / HTTP/1.1\r\n\r\n', '400', 'unknown'],
    ['whose header is too large', `GET / HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, '431', 'unknown'],
    ['that the router refuses', 'GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', '400', 'unknown'],
    [
      'whose body it refuses',
      `POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      '400',
      '/api/login',
    ],
    ['without a Host', 'GET /api/me HTTP/1.1\r\nConnection: close\r\n\r\n', '400', '/api/me'],
  ])('are counted, those %s too, once', async (_kind, text, status, route) => {
    await sendRaw(service.api.url, text);
    await eventually(async () => {
      expect((await scrape()).value(IN_FLIGHT)).toBe(0);
    });
    expect(
      (await scrape())
        .series(REQUESTS)
        .filter(({ value }) => value > 0)
        .map(({ labels: { route, status: told }, value }) => [route, told, value]),
    ).toEqual([[route, status, 1]]);
  });

  it('are counted as aborted where the client is gone before the answer, and not timed', async () => {
    const body = JSON.stringify(ADMIN);
    const socket = await connected(
      `POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await eventually(async () => {
      expect((await scrape()).value(IN_FLIGHT)).toBe(1);
    });
    socket.destroy();
    await counted({ method: 'POST', route: '/api/login', status: 'aborted' }, 1);
    const found = await scrape();
    expect(found.value(IN_FLIGHT)).toBe(0);
    expect(found.value(`${DURATION}_count`, { route: '/api/login' })).toBeUndefined();
  });

  it('are all over once their connection is, those too that waited behind another', async () => {
    const body = JSON.stringify(ADMIN);
    const login = `POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = await connected(login + 'GET /api/protected HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20));
    await eventually(async () => {
      expect((await scrape()).value(IN_FLIGHT)).toBeGreaterThan(10);
    });
    socket.destroy();
    await eventually(async () => {
      const found = await scrape();
      expect(found.value(IN_FLIGHT)).toBe(0);
      expect(found.value(REQUESTS, { status: 'aborted' })).toBe(21);
    });
  });

  it('do not count a stream as under way, nor its life as the time of an answer', async () => {
    const { accessToken } = await service.api.signIn(ADMIN);
    const made = await service.api.post<{ clientId: string; clientSecret: string }>(
      ...(['/api/admin/clients', { name: 'reader' }, accessToken] as const),
    );
    const { clientId, clientSecret } = made.body;
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const socket = await connected(`GET /api/revocations HTTP/1.1\r\nHost: a\r\nAuthorization: Basic ${basic}\r\n\r\n`);
    await eventually(async () => {
      const found = await scrape();
      expect([found.value('gatehouse_revocation_streams_open'), found.value(IN_FLIGHT)]).toEqual([1, 0]);
    });
    socket.destroy();
    await counted({ route: '/api/revocations', status: '200' }, 1);
    const found = await scrape();
    expect(found.value('gatehouse_revocation_streams_open')).toBe(0);
    expect(found.value(`${DURATION}_count`, { route: '/api/revocations' })).toBeUndefined();
  });
});
