import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Api } from './support/api.js';
import type { Problem } from './support/api.js';
import { startCommand } from './support/built-command.js';
import { buildServer, killServers, startServer } from './support/built-server.js';
import type { BuiltServer } from './support/built-server.js';
import { Authority } from './support/certificates.js';
import { createTestDatabase, databaseUrl, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { freePort } from './support/free-port.js';
import { productionEnvironment } from './support/production-environment.js';
import { scratchFolder } from './support/scratch.js';
import { proxyTo } from './support/tcp-proxy.js';
import type { TcpProxy } from './support/tcp-proxy.js';
import { ADMIN, randomSecret } from './support/test-app.js';
import { TlsClient } from './support/tls-client.js';

jest.setTimeout(120_000);

const STARTED_WITHIN_MS = 60_000;

let database: TestDatabase;
let complete: Record<string, string>;

beforeAll(async () => {
  buildServer();
  database = await createTestDatabase();
  complete = productionEnvironment(database.url, { METRICS_PORT: 'off' });
});
afterEach(killServers);
afterAll(() => database.drop());

const start = (env: Readonly<Record<string, string>>): Promise<BuiltServer> =>
  startServer(scratchFolder(), { ...complete, ...env });
const waiting = (server: BuiltServer): string[] =>
  server
    .output()
    .split('\n')
    .filter((line) => line.includes('waiting for it'));
const isReady = (api: Api): Promise<void> =>
  eventually(async () => {
    expect((await api.get('/health/ready')).status).toBe(200);
  }, STARTED_WITHIN_MS);

describe('a start while Postgres is away', () => {
  let wire: TcpProxy;

  beforeEach(async () => {
    wire = await proxyTo(database.url);
    await wire.cut();
  });
  afterEach(() => wire.close());

  it('waits, live and not ready, answers 503 to everyone else, and goes on by itself', async () => {
    const server = await start({ DATABASE_URL: wire.url });
    await server.listens();
    const api = new Api(server.url);
    const live = await api.get('/health/live');
    expect([live.status, live.body]).toEqual([200, { status: 'up' }]);
    const ready = await api.get('/health/ready');
    expect([ready.status, ready.body]).toEqual([503, { status: 'down', checks: { database: 'down' } }]);
    for (const answer of [
      await api.post<Problem>('/api/login', ADMIN),
      await api.send<Problem>('POST', '/api/login', { body: '{', headers: { 'content-type': 'text/plain' } }),
      await api.get<Problem>('/.well-known/jwks.json'),
      await api.get<Problem>('/nowhere?x=1'),
      await api.get<Problem>('/health/other'),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
      expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(answer.headers.get('connection')).toBe('close');
      for (const name of ['strict-transport-security', 'content-security-policy', 'x-content-type-options']) {
        expect(answer.headers.has(name)).toBe(true);
      }
    }
    expect((await api.post<{ error: string }>('/oauth/introspect')).body.error).toBe('temporarily_unavailable');
    // Several tries later it has said so once.
    await wire.mend();
    await isReady(api);
    expect(waiting(server)).toEqual([expect.stringMatching(/"level":"warn".*No Postgres answers at 127\.0\.0\.1:/)]);
    await expect(api.signIn(ADMIN)).resolves.toBeDefined();
    const { code, errors, output } = await server.stop();
    expect([code, errors]).toEqual([0, '']);
    expect(output).toMatch(/Postgres answers, after \d+ s/);
    expect(output).not.toContain(new URL(database.url).password);
  });

  it('stops at once with 0 when it is told to', async () => {
    const server = await start({ DATABASE_URL: wire.url });
    await server.says(/waiting for it/);
    const toldMs = performance.now();
    const { code, errors } = await server.stop();
    expect([code, errors]).toEqual([0, '']);
    expect(performance.now() - toldMs).toBeLessThan(3_000);
  });

  it('stops at once with 0 while a connection hangs', async () => {
    await wire.mend();
    wire.freeze();
    const server = await start({ DATABASE_URL: wire.url });
    await server.says(/timeout.*waiting for it/);
    const toldMs = performance.now();
    expect((await server.stop()).code).toBe(0);
    expect(performance.now() - toldMs).toBeLessThan(3_000);
  });

  it('says each reason once, whatever it is', async () => {
    const server = await start({ DATABASE_URL: 'postgres://gatehouse:canary@nowhere.invalid:5432/gatehouse' });
    await server.says(/No address is known for nowhere\.invalid \(\w+\): waiting for it/);
    const { code, output } = await server.stop();
    expect(code).toBe(0);
    expect(output).not.toContain('canary');
  });

  it('waits behind the certificate that the service will have', async () => {
    const folder = scratchFolder();
    const authority = new Authority(folder);
    const issued = authority.issue();
    const env = { TLS_CERT_FILE: path.join(folder, 'chain.pem'), TLS_KEY_FILE: path.join(folder, 'key.pem') };
    writeFileSync(env.TLS_CERT_FILE, issued.cert);
    writeFileSync(env.TLS_KEY_FILE, issued.key);
    const server = await start({ ...env, DATABASE_URL: wire.url });
    const client = new TlsClient(Number(new URL(server.url).port), authority.root);
    await server.says(/waiting for it/);
    const { status, body } = await eventually(() => client.send('POST', '/api/login', { body: ADMIN }));
    expect([status, body.code]).toEqual([503, 'unavailable']);
    await wire.mend();
    await eventually(async () => {
      expect((await client.send('GET', '/health/ready')).status).toBe(200);
    }, STARTED_WITHIN_MS);
    expect((await client.send('POST', '/api/login', { body: ADMIN })).status).toBe(200);
    expect(server.output()).not.toContain('Set TRUST_PROXY');
  });

  it('is an error at once to a command', async () => {
    const command = startCommand('admin-recover.js', [ADMIN.email], {
      cwd: scratchFolder(),
      env: { ...complete, DATABASE_URL: wire.url },
    });
    command.stdin.end();
    const { code, errors } = await command.ends();
    expect(code).toBe(1);
    expect(errors).toMatch(/No Postgres answers at 127\.0\.0\.1:\d+ \(ECONNREFUSED\)\. Check DATABASE_URL/);
    expect(errors).not.toMatch(/\n\s+at /);
  });
});

describe('a start whose Postgres has no connection left', () => {
  it('waits for one', async () => {
    const [role, password] = [`crowd_${randomBytes(4).toString('hex')}`, randomSecret()];
    const own = await createTestDatabase('empty');
    const url = new URL(own.url);
    Object.assign(url, { username: role, password });
    await onServer(async (query) => {
      await query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}' CONNECTION LIMIT 0`);
      await query(`ALTER DATABASE ${url.pathname.slice(1)} OWNER TO ${role}`);
    });
    try {
      const server = await start({ DATABASE_URL: url.href });
      await server.says(/too many connections for role.*\(53300\): waiting for it/);
      await onServer((query) => query(`ALTER ROLE ${role} CONNECTION LIMIT -1`));
      await isReady(new Api(server.url));
      await server.stop();
    } finally {
      await own.drop();
      await onServer((query) => query(`DROP ROLE ${role}`));
    }
  });
});

describe('a start that whoever runs the service has to mend', () => {
  const refusal = async (env: Readonly<Record<string, string>>): Promise<{ code: number | null; errors: string }> => {
    const { code, errors } = await (await start(env)).ends();
    expect(errors).toMatch(/^Gatehouse did not start[.:] /);
    expect(errors).not.toMatch(/\n\s+at /);
    return { code, errors };
  };

  it('says that Postgres does not take the password, and not the password', async () => {
    const url = new URL(database.url);
    url.password = 'canary';
    const { code, errors } = await refusal({ DATABASE_URL: url.href });
    expect(code).toBe(1);
    expect(errors).toMatch(/Postgres does not take the password .* Check DATABASE_URL/);
    expect(errors).not.toContain('canary');
  });

  it('says that there is no such database', async () => {
    const { code, errors } = await refusal({ DATABASE_URL: databaseUrl('nothing_here') });
    expect([code, errors.includes('nothing_here')]).toEqual([1, true]);
  });

  it('says that its port is in use, where it would wait for Postgres on it', async () => {
    const port = await freePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const url = new URL(database.url);
      url.port = String(await freePort());
      const { code, errors } = await refusal({ PORT: String(port), DATABASE_URL: url.href });
      expect([code, errors.includes(`127.0.0.1:${port} is in use`)]).toEqual([1, true]);
    } finally {
      squatter.close();
    }
  });

  it('refuses a certificate that cannot be served, with 78, before it looks for Postgres', async () => {
    const folder = scratchFolder();
    const authority = new Authority(folder);
    const [one, other] = [authority.issue(), authority.issue()];
    const [TLS_CERT_FILE, TLS_KEY_FILE] = [path.join(folder, 'chain.pem'), path.join(folder, 'key.pem')];
    writeFileSync(TLS_CERT_FILE, one.cert);
    writeFileSync(TLS_KEY_FILE, other.key);
    const away = { DATABASE_URL: 'postgres://gatehouse@nowhere.invalid/gatehouse' };
    const { code, errors } = await refusal({ TLS_CERT_FILE, TLS_KEY_FILE, ...away });
    expect([code, errors]).toEqual([78, expect.stringContaining('TLS_KEY_FILE must hold the key of') as string]);
    expect(errors).not.toMatch(/BEGIN|[A-Za-z0-9+/]{40}/);
  });
});
