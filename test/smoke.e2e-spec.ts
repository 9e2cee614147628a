import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import path from 'node:path';
import { isRunning } from '../src/database/embedded/process-life.js';
import { Api } from './support/api.js';
import type { Problem } from './support/api.js';
import { buildServer, killServers, startServer } from './support/built-server.js';
import type { BuiltServer } from './support/built-server.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventuallyFound } from './support/eventually.js';
import { freePort } from './support/free-port.js';
import { productionEnvironment } from './support/production-environment.js';
import { scratchFolder } from './support/scratch.js';
import { proxyTo } from './support/tcp-proxy.js';
import { ADMIN, randomSecret } from './support/test-app.js';

jest.setTimeout(120_000);

/** An empty project folder; as root, Postgres runs under another account, which has to get through it. */
const emptyFolder = (): string => {
  const folder = scratchFolder();
  chmodSync(folder, 0o711);
  return folder;
};

beforeAll(() => {
  buildServer();
});
afterAll(killServers);

describe('the built server in development, in an empty folder, with nothing set', () => {
  let folder: string;
  let server: BuiltServer;
  let api: Api;
  let password: string;
  let refreshToken: string;

  const start = async (): Promise<void> => {
    server = await startServer(folder);
    await server.says(/Stop with Ctrl-C/);
    api = new Api(server.url);
  };
  const postmasterPid = (): number | undefined => {
    const reference = path.join(folder, '.data', 'postgres', 'location');
    const home = existsSync(reference) ? readFileSync(reference, 'utf8').trim() : path.dirname(reference);
    const file = path.join(home, 'data', 'postmaster.pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
  };

  beforeAll(async () => {
    folder = emptyFolder();
    await start();
  });

  it('prints where everything is, and a curl line that signs in', async () => {
    const output = server.output();
    for (const shown of ['/docs', '/openapi.json', '/health/ready', 'admin@example.com', '.data/mail']) {
      expect(output).toContain(shown);
    }
    const [, url = '', header = '', body = ''] = /curl -s (\S+) -H '([^']+)' \\\n\s+-d '([^']+)'/.exec(output) ?? [];
    expect([url, header]).toEqual([`${server.url}/api/login`, 'Content-Type: application/json']);
    password = (JSON.parse(body) as { password: string }).password;
    expect(/password\s+(\S+)/.exec(output)?.[1]).toBe(password);
    const answer = await api.send<{ accessToken: string; refreshToken: string }>('POST', '/api/login', { body });
    expect(answer.status).toBe(200);
    expect((await api.get('/api/protected', answer.body.accessToken)).body).toMatchObject({
      message: 'Access granted',
      user: { roles: ['admin'] },
    });
    refreshToken = answer.body.refreshToken;
  });

  it('serves the reference under a policy that lets it run, and the document', async () => {
    const page = await api.get('/docs');
    expect([page.status, page.headers.get('content-type')?.split(';')[0]]).toEqual([200, 'text/html']);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    const scripts = [...page.text.matchAll(/<script[^>]*src="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(scripts.length).toBeGreaterThan(0);
    expect(page.text).not.toMatch(/<script(?![^>]*src=)[^>]*>\s*\S/);
    for (const source of scripts) expect((await api.get(new URL(source, `${server.url}/docs`).href)).status).toBe(200);

    const document = await api.get<{ openapi: string; paths: Record<string, unknown> }>('/openapi.json');
    expect([document.status, document.body.openapi]).toEqual([200, '3.1.0']);
    expect(document.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(Object.keys(document.body.paths)).toContain('/api/login');
  });

  it('tells its readiness', async () => {
    const ready = await api.get('/health/ready');
    expect([ready.status, ready.body]).toMatchObject([200, { status: 'up', checks: { database: 'up' } }]);
  });

  it('keeps what it made to its owner alone', () => {
    const listed = readdirSync(path.join(folder, '.data'));
    expect(listed).toContain('state.json');
    expect(readFileSync(path.join(folder, '.data', 'state.json'), 'utf8')).toContain(password);
    expect(server.errors()).toBe('');
  });

  it('stops at SIGTERM with 0, and leaves no Postgres behind', async () => {
    const postgres = postmasterPid();
    expect(postgres).toBeDefined();
    expect((await server.stop()).code).toBe(0);
    expect(isRunning(postgres ?? 0)).toBe(false);
    expect(postmasterPid()).toBeUndefined();
  });

  it('has kept everything at the next start, and does not print the password again', async () => {
    await start();
    expect(server.output()).not.toContain(password);
    await expect(api.signIn({ email: 'admin@example.com', password })).resolves.toBeDefined();
    expect((await api.refresh(refreshToken)).status).toBe(200);
  });

  it('does not share its data with a second start in the same folder', async () => {
    const second = await startServer(folder);
    const { code, errors } = await second.ends();
    expect(code).toBe(1);
    expect(errors).toMatch(/^Gatehouse did not start\. /);
    expect(errors).not.toMatch(/\n\s+at /);
    expect((await api.get('/health/ready')).status).toBe(200);
  });

  it('stops at SIGTERM while it is still starting, and leaves no Postgres behind', async () => {
    await server.stop();
    server = await startServer(folder);
    const postgres = await eventuallyFound('Postgres runs', postmasterPid, 60_000);
    await server.stop();
    await eventuallyFound('Postgres has ended', () => (isRunning(postgres) ? undefined : true));
  });
});

describe('the built server in production', () => {
  let database: TestDatabase;
  let complete: Record<string, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    complete = productionEnvironment(database.url);
  });
  afterEach(killServers);
  afterAll(() => database.drop());

  const listening = async (env: Readonly<Record<string, string>>, folder = emptyFolder()): Promise<BuiltServer> => {
    const server = await startServer(folder, env);
    await server.listens();
    return server;
  };
  const refusal = async (env: Readonly<Record<string, string>>): Promise<{ code: number | null; errors: string }> => {
    const server = await startServer(emptyFolder(), { METRICS_PORT: 'off', ...env });
    const { code, output, errors } = await server.ends();
    // It is said once, there. Nest has a line of its own where it cannot listen.
    const complaints = output.split('\n').filter((line) => line !== '' && !line.includes('"level":"info"'));
    expect(complaints.filter((line) => !line.includes('"context":"NestApplication"'))).toEqual([]);
    expect(errors).toMatch(/^Gatehouse did not start[.:] /m);
    expect(errors).not.toMatch(/\n\s+at /);
    return { code, errors };
  };

  it('runs with all that is required, in JSON lines, without docs, making nothing in its folder', async () => {
    const folder = emptyFolder();
    const server = await listening(complete, folder);
    const api = new Api(server.url);
    const { accessToken } = await api.signIn(ADMIN);
    expect((await api.get('/api/protected', accessToken)).status).toBe(200);
    // An admin without a second factor is asked for one.
    const keys = await api.get<Problem>('/api/admin/keys', accessToken);
    expect([keys.status, keys.body.code]).toEqual([403, 'mfa_enrolment_required']);
    expect([(await api.get('/docs')).status, (await api.get('/openapi.json')).status]).toEqual([404, 404]);
    expect((await api.get('/api/me')).text).toContain('https://auth.example.com/docs/errors#token_missing');
    const closed = await api.post<Problem>('/api/register', {
      email: 'a@example.com',
      password: 'quiet otters juggle',
    });
    expect(closed.body.code).toBe('registration_closed');
    const { code, output, errors } = await server.stop();
    expect([code, errors]).toEqual([0, '']);
    for (const line of output.trim().split('\n').filter(Boolean))
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(output).not.toContain(ADMIN.password);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says once at the start that behind https a proxy has to be named, and not where one is', async () => {
    const said = async (env: Readonly<Record<string, string>>): Promise<string[]> => {
      const server = await listening({ ...complete, ...env });
      return (await server.stop()).output.split('\n').filter((line) => line.includes('Set TRUST_PROXY'));
    };
    expect(await said({})).toEqual([expect.stringMatching(/"level":"warn"/)]);
    expect(await said({ TRUST_PROXY: '1' })).toEqual([]);
  });

  it('names every variable that is missing, and exits with 78', async () => {
    const { code, errors } = await refusal({ NODE_ENV: 'production' });
    expect(code).toBe(78);
    for (const name of ['DATABASE_URL', 'JWT_SECRET', 'REFRESH_SECRET', 'PUBLIC_URL', 'SMTP_URL']) {
      expect(errors).toContain(name);
    }
  });

  it('names every variable that is wrong, and never a value', async () => {
    const wrong = {
      DATABASE_URL: 'mysql://canary:canary@canary/canary',
      PUBLIC_URL: 'http://canary.example.com',
      JWT_SECRET: 'canary-canary-canary-canary-canary-canary',
      REFRESH_SECRET: 'canary-too-short',
      CORS_ORIGINS: '*,https://canary.example.com',
      TRUST_PROXY: 'canary',
      PORT: 'canary',
      RATE_LIMIT: 'off',
      LOG_LEVEL: 'canary',
      JWT_ALGORITHM: 'none',
    };
    const { code, errors } = await refusal({ ...complete, ...wrong });
    expect(code).toBe(78);
    for (const name of Object.keys(wrong)) expect(errors).toContain(name);
    expect(errors).not.toMatch(/canary|mysql/);
  });

  it.each([
    ['short', { JWT_SECRET: 'x7Gh29sLq0' }],
    ['repeated', { JWT_SECRET: 'x7Gh29sLq0'.repeat(6) }],
    ['an example', { JWT_SECRET: 'your-256-bit-secret-your-256-bit-secret' }],
  ])('refuses a secret that is %s, with 78', async (_kind, env) => {
    const { code, errors } = await refusal({ ...complete, ...env });
    expect(code).toBe(78);
    expect(errors).toContain('JWT_SECRET');
    expect(errors).not.toContain(env.JWT_SECRET);
  });

  it('refuses two secrets that are one, with 78', async () => {
    const { code, errors } = await refusal({ ...complete, REFRESH_SECRET: complete.JWT_SECRET ?? '' });
    expect([code, errors.includes('REFRESH_SECRET')]).toEqual([78, true]);
    expect(errors).not.toContain(complete.JWT_SECRET);
  });

  it('refuses secrets that do not open the keys in the database, with 78, and takes them back into the list', async () => {
    const kept = await createTestDatabase();
    try {
      const env = { ...complete, DATABASE_URL: kept.url };
      await (await listening(env)).stop();
      for (const name of ['JWT_SECRET', 'REFRESH_SECRET'] as const) {
        const other = randomSecret();
        const { code, errors } = await refusal({ ...env, [name]: other });
        expect([code, errors.includes(name)]).toEqual([78, true]);
        expect(errors).not.toContain(other);
      }
      const server = await listening({ ...env, JWT_SECRET: `${randomSecret()},${complete.JWT_SECRET ?? ''}` });
      await expect(new Api(server.url).signIn(ADMIN)).resolves.toBeDefined();
      await server.stop();
    } finally {
      await kept.drop();
    }
  });

  it('reads what NAME_FILE names', async () => {
    const folder = emptyFolder();
    const { JWT_SECRET = '', DATABASE_URL = '', ...rest } = complete;
    writeFileSync(path.join(folder, 'jwt'), `${JWT_SECRET}\n`);
    writeFileSync(path.join(folder, 'url'), DATABASE_URL);
    const files = { JWT_SECRET_FILE: path.join(folder, 'jwt'), DATABASE_URL_FILE: path.join(folder, 'url') };
    const server = await listening({ ...rest, ...files });
    await expect(new Api(server.url).signIn(ADMIN)).resolves.toBeDefined();
    const unread = await refusal({ ...rest, ...files, JWT_SECRET_FILE: path.join(folder, 'canary') });
    expect([unread.code, unread.errors.includes('JWT_SECRET_FILE')]).toEqual([78, true]);
    expect(unread.errors).not.toContain('canary');
  });

  it('does not touch a database that lacks its migrations while MIGRATE is off', async () => {
    const empty = await createTestDatabase('empty');
    try {
      const { code, errors } = await refusal({ ...complete, DATABASE_URL: empty.url, MIGRATE: 'off' });
      expect(code).toBe(1);
      expect(errors).toContain('npm run migration:run');
    } finally {
      await empty.drop();
    }
  });

  it('says which port is in use', async () => {
    const port = await freePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      const { code, errors } = await refusal({ ...complete, PORT: String(port) });
      expect(code).toBe(1);
      expect(errors).toMatch(new RegExp(`127\\.0\\.0\\.1:${port} is in use`));
    } finally {
      squatter.close();
    }
  });

  it('answers 503 while Postgres is away, and serves again by itself', async () => {
    const wire = await proxyTo(database.url);
    const server = await listening({ ...complete, DATABASE_URL: wire.url });
    const api = new Api(server.url);
    await wire.cut();
    for (const answer of [
      await api.post('/api/login', ADMIN),
      await api.refresh('rt_none'),
      await api.get('/nowhere'),
    ]) {
      expect([503, 401, 404]).toContain(answer.status);
    }
    const refused = await api.post<Problem>('/api/login', ADMIN);
    expect([refused.body.code, Number(refused.headers.get('retry-after'))]).toEqual(['unavailable', 5]);
    await wire.mend();
    await eventuallyFound('it is ready again', async () =>
      (await api.get('/health/ready')).status === 200 ? true : undefined,
    );
    await expect(api.signIn(ADMIN)).resolves.toBeDefined();
    expect((await server.stop()).code).toBe(0);
    await wire.close();
  });

  it('is not development on an address that others reach, unless that is said', async () => {
    const { code, errors } = await refusal({ HOST: '0.0.0.0' });
    expect([code, errors.includes('NODE_ENV')]).toEqual([78, true]);
  });
});
