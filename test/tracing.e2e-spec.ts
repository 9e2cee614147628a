import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import path from 'node:path';
import { Api } from './support/api.js';
import { buildServer, killServers, startServer } from './support/built-server.js';
import type { BuiltServer } from './support/built-server.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventuallyFound } from './support/eventually.js';
import { freePort } from './support/free-port.js';
import { OtlpReceiver } from './support/otlp-receiver.js';
import type { ReceivedSpan } from './support/otlp-receiver.js';
import { scratchFolder } from './support/scratch.js';
import { ADMIN, randomSecret } from './support/test-app.js';

const LOADED = path.join(__dirname, 'support', 'loaded-packages.mjs');

jest.setTimeout(180_000);

describe('tracing', () => {
  let database: TestDatabase;
  let collector: OtlpReceiver;
  let environment: Record<string, string>;
  const canaries = [
    'canary-password-of-nobody',
    'canary@example.com',
    'canary-device',
    'canary-query',
    ADMIN.password,
    ADMIN.email,
  ];

  beforeAll(async () => {
    buildServer();
    database = await createTestDatabase();
    collector = new OtlpReceiver();
    const endpoint = await collector.start();
    environment = {
      NODE_ENV: 'production',
      DATABASE_URL: database.url,
      PUBLIC_URL: 'https://auth.example.com',
      MAIL: 'off',
      TRUST_PROXY: '1',
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      JWT_SECRET: randomSecret(),
      REFRESH_SECRET: randomSecret(),
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      NODE_OPTIONS: `--import ${LOADED}`,
    };
    canaries.push(environment.JWT_SECRET ?? '', environment.REFRESH_SECRET ?? '');
  });
  afterEach(killServers);
  afterAll(async () => {
    await collector.close();
    await database.drop();
  });

  const start = async (env: Record<string, string> = {}): Promise<[BuiltServer, Api]> => {
    const server = await startServer(scratchFolder(), { ...environment, ...env });
    await server.listens();
    return [server, new Api(server.url)];
  };
  const spanOf = (name: string, traceId?: string): Promise<ReceivedSpan> =>
    eventuallyFound(`a span ${name}`, () =>
      collector.spans.find((span) => span.name === name && (traceId === undefined || span.traceId === traceId)),
    );
  const below = ({ spanId }: ReceivedSpan): ReceivedSpan[] =>
    collector.spans.filter((span) => span.parentSpanId === spanId);

  it('sends a span of each request and of its statements and hashes, in the trace that the caller began', async () => {
    const [server, api] = await start({ OTEL_SERVICE_NAME: 'sign-in' });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await api.send<{ accessToken: string; refreshToken: string; deviceToken: string }>(
      'POST',
      '/api/login?x=canary-query',
      {
        json: { ...ADMIN, deviceName: 'canary-device' },
        headers: {
          traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
          tracestate: 'vendor=canary-query',
          'x-request-id': 'request-of-a-trace',
        },
      },
    );
    expect(answer.status).toBe(200);
    canaries.push(answer.body.accessToken, answer.body.refreshToken, answer.body.deviceToken);

    const login = await spanOf('POST /api/login', traceId);
    expect(login).toMatchObject({ parentSpanId: '00f067aa0ba902b7', kind: 2, status: 0, service: 'sign-in' });
    expect(login.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/login',
      'url.path': '/api/login',
      'url.scheme': 'https',
      'server.address': 'auth.example.com',
      'http.response.status_code': 200,
      'network.protocol.version': '1.1',
    });
    const statements = below(login).filter(({ kind }) => kind === 3);
    expect(statements.length).toBeGreaterThan(3);
    for (const { attributes, traceId: own } of statements) {
      expect(own).toBe(traceId);
      expect(attributes).toMatchObject({
        'db.system.name': 'postgresql',
        'db.query.text': expect.any(String) as unknown,
      });
    }
    expect(statements.map(({ name }) => name)).toEqual(expect.arrayContaining(['START', 'COMMIT', 'SELECT users']));
    expect(statements.map(({ attributes }) => attributes['db.query.text'])).toContainEqual(
      expect.stringContaining('$1'),
    );
    const [verification] = below(login).filter(({ name }) => name === 'password verify');
    expect(verification && below(verification).map(({ name }) => name)).toEqual(['argon2 verify']);

    const line = await server.says(/.*"requestId":"request-of-a-trace".*"route":"\/api\/login".*/);
    expect(JSON.parse(line[0])).toMatchObject({ traceId });
    expect([...collector.paths]).toEqual(['POST /v1/traces application/x-protobuf']);
    expect((await server.stop()).code).toBe(0);
  });

  it('begins a trace of its own where the caller names none that can be, and names no path that is no route', async () => {
    const [server, api] = await start({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
    const named = ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', 'canary-query', ''];
    for (const traceparent of named) {
      const headers = { traceparent };
      expect((await api.send('GET', '/canary-query/of?canary-query', { headers })).status).toBe(404);
    }
    const before = collector.spans.length;
    // What is left is sent before the process ends.
    const { code, errors } = await server.stop();
    expect([code, errors]).toEqual([0, expect.stringMatching(/^LOADED .*sdk-trace/)]);
    const unknown = collector.spans.slice(before).filter(({ name }) => name === 'GET');
    expect(unknown).toHaveLength(3);
    for (const { traceId, parentSpanId, attributes } of unknown) {
      expect(traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
      expect(parentSpanId).toBe('');
      expect(Object.keys(attributes)).not.toContain('url.path');
    }
  });

  it('samples as OTEL_TRACES_SAMPLER says', async () => {
    const before = collector.spans.length;
    const [server, api] = await start({ OTEL_TRACES_SAMPLER: 'always_off' });
    await api.signIn(ADMIN);
    expect((await server.stop()).code).toBe(0);
    expect(collector.spans).toHaveLength(before);
  });

  it('changes nothing while the collector is away, or takes connections and never answers', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    const endpoints = [await freePort(), (silent.address() as AddressInfo).port];
    for (const port of endpoints) {
      const [server, api] = await start({
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=canary-query',
      });
      await expect(api.signIn(ADMIN)).resolves.toBeDefined();
      for (let count = 0; count < 50; count += 1) expect((await api.get('/.well-known/jwks.json')).status).toBe(200);
      const from = performance.now();
      const { code, output } = await server.stop();
      expect(code).toBe(0);
      expect(performance.now() - from).toBeLessThan(10_000);
      expect(output).not.toContain('canary');
    }
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('loads nothing of the SDK where no collector is configured', async () => {
    const [server, api] = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: '' });
    await api.signIn(ADMIN);
    // prom-client itself loads the package of interfaces.
    expect((await server.stop()).errors).toMatch(/^LOADED (api)?\n/);
  });

  it('sends no password, token, secret, address, name, query or parameter anywhere', () => {
    expect(collector.bytes.length).toBeGreaterThan(10_000);
    const text = collector.bytes.toString('latin1');
    expect(canaries.filter((canary) => text.includes(canary)).map((each) => each.slice(0, 12))).toEqual([]);
    expect(text).not.toMatch(/\$argon2id\$v=19\$m=|eyJ[\w-]+\.|\b(rt|dt|mt|al)_[\w-]{20}|PRIVATE KEY/);
  });
});
