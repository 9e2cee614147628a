import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Metrics } from '../src/observability/metrics.js';
import { MetricsListener, MetricsPortError } from '../src/observability/metrics-listener.js';
import { eventually } from './support/eventually.js';
import { rawExchange, sendRaw } from './support/raw-http.js';
import { Scrape } from './support/scrape.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { proxyTo } from './support/tcp-proxy.js';
import type { TcpProxy } from './support/tcp-proxy.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const HOST = '127.0.0.1';
const LISTENER_WITHIN_MS = 8_000;

describe('the listener of the metrics', () => {
  let database: TestDatabase;
  let wire: TcpProxy;
  let service: TestApp;
  let metrics: Metrics;
  let listener: MetricsListener;
  let url: string;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    database = await createTestDatabase();
    wire = await proxyTo(database.url);
    service = await startTestApp({ database: { ...database, url: wire.url } });
    metrics = service.app.get(Metrics, { strict: false });
    listener = new MetricsListener(metrics, { host: HOST, port: 0 });
    url = `http://${HOST}:${await listener.listen()}`;
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  });
  afterAll(async () => {
    await listener.close();
    await service.close();
    await wire.close();
    await database.drop();
  });

  const connect = (text = ''): Socket => {
    const socket = createConnection(Number(new URL(url).port), HOST, () => socket.write(text));
    sockets.add(socket);
    return socket.on('error', () => undefined);
  };

  it('answers a scrape in Prometheus’ text format, and everything else with its status alone', async () => {
    const answer = await fetch(`${url}/metrics?name=x`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const found = new Scrape(await answer.text());
    expect(found.value('gatehouse_ready')).toBe(1);
    expect(found.value('process_resident_memory_bytes')).toBeGreaterThan(0);
    for (const path of ['/', '/metrics/', '/Metrics', '//metrics', '/api/login', '/health/ready', '*', '/%6Detrics'])
      expect([path, (await rawExchange(url, `GET ${path}`)).status]).toEqual([path, 404]);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      const { status, headers, text } = await rawExchange(url, `${method} /metrics`);
      expect([method, status, headers.get('allow'), text]).toEqual([method, 405, 'GET, HEAD', '']);
    }
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is apart from the public port, which has no metrics', async () => {
    const { status, text } = await service.api.get('/metrics');
    expect(status).toBe(404);
    expect(text).not.toContain('gatehouse_ready');
  });

  it('says which port it cannot have, and which variable sets it', async () => {
    const squatter = createServer().listen(0, HOST);
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const late = new MetricsListener(new Metrics(), { host: HOST, port });
    const error: unknown = await late.listen().catch((thrown: unknown) => thrown);
    squatter.close();
    expect(error).toBeInstanceOf(MetricsPortError);
    expect(String(error)).toMatch(new RegExp(`${HOST}:${port} is in use.*METRICS_PORT`));
    await late.close();
    const nowhere = new MetricsListener(new Metrics(), { host: '192.0.2.1', port: 0 });
    await expect(nowhere.listen()).rejects.toThrow(/192\.0\.2\.1:0 cannot be had.*METRICS_HOST/);
  });

  it('reads once for all who ask at the same time', async () => {
    let reads = 0;
    metrics.measure('test_slow_read', 'One that takes its time.', async () => {
      reads += 1;
      await setTimeout(500);
      return 7;
    });
    const found = await Promise.all(Array.from({ length: 30 }, () => Scrape.at(url)));
    expect(found.map((each) => each.value('test_slow_read'))).toEqual(Array.from({ length: 30 }, () => 7));
    // Whoever came after the first read had ended has had the second.
    expect(reads).toBeLessThanOrEqual(2);
    metrics.registry.removeSingleMetric('test_slow_read');
  });

  it('waits for no read longer than a second, and begins no other while one is under way', async () => {
    let reads = 0;
    metrics.measure('test_hanging_read', 'One that never comes.', () => {
      reads += 1;
      return new Promise<number>(() => undefined);
    });
    for (let scrape = 0; scrape < 3; scrape += 1) {
      const since = performance.now();
      expect((await Scrape.at(url)).value('test_hanging_read')).toBeNaN();
      expect(performance.now() - since).toBeLessThan(2_500);
    }
    expect(reads).toBe(1);
    metrics.registry.removeSingleMetric('test_hanging_read');
  });

  it.each(['cut off', 'frozen'])('goes on while Postgres is %s, and reads again once it is back', async (how) => {
    await service.api.post('/api/login', ADMIN);
    if (how === 'frozen') wire.freeze();
    else await wire.cut();
    try {
      const since = performance.now();
      const found = await Scrape.at(url);
      expect(performance.now() - since).toBeLessThan(2_500);
      expect(found.value('gatehouse_ready')).toBe(0);
      expect(found.value('gatehouse_mail_owed')).toBeNaN();
      expect(found.value('gatehouse_events_unsealed')).toBeNaN();
      expect(found.value('gatehouse_http_requests_total', { route: '/api/login' })).toBeGreaterThan(0);
      expect(found.value('gatehouse_signing_key_age_seconds', { state: 'active' })).toBeGreaterThan(0);
    } finally {
      await wire.mend();
    }
    await eventually(async () => {
      const found = await Scrape.at(url);
      expect(found.value('gatehouse_ready')).toBe(1);
      expect(found.value('gatehouse_mail_owed')).not.toBeNaN();
    }, 20_000);
  });

  it('hangs up on who sends nothing, half a head or half a body, and takes no large head', async () => {
    const since = performance.now();
    const held = [connect(), connect('GET /metrics HTTP/1.1\r\nHost: a\r\n'), connect('GET')];
    await Promise.all(held.map((socket) => once(socket.resume(), 'close')));
    expect(performance.now() - since).toBeLessThan(LISTENER_WITHIN_MS);
    expect(await sendRaw(url, `GET /metrics HTTP/1.1\r\nHost: a\r\nx: ${'x'.repeat(5_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
    const slow = 'POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx';
    expect(await sendRaw(url, slow)).toMatch(/^HTTP\/1.1 405 /);
  });

  it('takes so many connections and no more, which keeps nobody from the service', async () => {
    const held = Array.from({ length: 100 }, () => connect());
    const gone = new Set<Socket>();
    for (const socket of held) socket.once('close', () => gone.add(socket)).resume();
    await eventually(() => {
      expect(gone.size).toBeGreaterThanOrEqual(36);
    });
    expect((await service.api.get('/health/live')).status).toBe(200);
    for (const socket of held) socket.destroy();
    await eventually(async () => {
      expect((await Scrape.at(url)).value('gatehouse_ready')).toBe(1);
    });
  });

  it('ends with the service, whoever is connected', async () => {
    const own = new MetricsListener(new Metrics(), { host: HOST, port: 0 });
    const at = `http://${HOST}:${await own.listen()}`;
    await fetch(`${at}/metrics`).then((answer) => answer.text());
    const idle = createConnection(Number(new URL(at).port), HOST);
    await once(idle, 'connect');
    const since = performance.now();
    await Promise.all([own.close(), once(idle.resume(), 'close')]);
    expect(performance.now() - since).toBeLessThan(1_000);
    await expect(fetch(`${at}/metrics`)).rejects.toThrow();
    await own.close();
  });
});
