import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { buildServer, killServers, startServer } from '../support/built-server.js';
import { startCommand } from '../support/built-command.js';
import { Api } from '../support/api.js';
import { DebianPostgres, debianPostgres } from '../support/debian-postgres.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { PINNED, PROJECT, unknownVariables, yamlDocuments } from '../support/manifests.js';
import { RedisUnderTest } from '../support/redis-under-test.js';
import { scratchFolder } from '../support/scratch.js';
import { onServer } from '../support/database.js';

jest.setTimeout(120_000);

const Service = z.object({
  image: z.string(),
  build: z.unknown().optional(),
  command: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  secrets: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.unknown().transform(networksOf),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()),
  restart: z.string(),
  user: z.string().optional(),
});
const Network = z.object({
  internal: z.boolean().default(false),
  ipam: z.object({ config: z.array(z.object({ subnet: z.string() })) }).optional(),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), Network),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

const Addresses = z.record(z.string(), z.object({ ipv4_address: z.string().optional() }));
function networksOf(value: unknown): Record<string, string | undefined> {
  if (Array.isArray(value)) return Object.fromEntries(value.map((name) => [String(name), undefined]));
  return Object.fromEntries(
    Object.entries(Addresses.parse(value)).map(([name, { ipv4_address }]) => [name, ipv4_address]),
  );
}

const compose = Compose.parse(yamlDocuments('compose.yaml')[0]);
const serviceOf = (name: string): z.output<typeof Service> => {
  const service = compose.services[name];
  if (!service) throw new Error(`there is no service ${name}`);
  return service;
};
const services = Object.entries(compose.services);
const INSTANCES = ['gatehouse-a', 'gatehouse-b'];

describe('compose.yaml', () => {
  it('is what the Compose Specification calls a Compose file', () => {
    // What these rules dislike is meant: an order by sense, and a name for the image that is built.
    const meant = [
      'services-alphabetical-order',
      'service-keys-order',
      'top-level-properties-order',
      'no-build-and-image',
    ];
    const lint = (file: string): ReturnType<typeof spawnSync> =>
      spawnSync(
        process.execPath,
        ['node_modules/dclint/bin/dclint.cjs', file, '--max-warnings', '0', '--disable-rule', ...meant],
        { cwd: PROJECT, encoding: 'utf8' },
      );
    const { status, stdout } = lint('compose.yaml');
    expect([status, stdout]).toEqual([0, expect.any(String)]);
    const wrong = path.join(scratchFolder(), 'compose.yaml');
    const text = readFileSync(path.join(PROJECT, 'compose.yaml'), 'utf8');
    writeFileSync(wrong, text.replace('read_only:', 'readonly:'));
    expect(lint(wrong).status).toBe(1);
  });

  it.each(services)('%s is pinned, can change nothing of itself and gain no right', (_name, service) => {
    expect(service.image).toMatch(PINNED);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], cap_add: [] });
    expect(service.security_opt).toContain('no-new-privileges:true');
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it.each(services)('%s refers to nothing that is not there', (_name, service) => {
    for (const secret of service.secrets) expect(Object.keys(compose.secrets)).toContain(secret);
    for (const network of Object.keys(service.networks)) expect(Object.keys(compose.networks)).toContain(network);
    for (const other of Object.keys(service.depends_on)) expect(Object.keys(compose.services)).toContain(other);
    for (const volume of service.volumes) {
      const [source = ''] = volume.split(':');
      const isThere = source.startsWith('./') ? existsSync(path.join(PROJECT, source)) : source in compose.volumes;
      expect([source, isThere]).toEqual([source, true]);
    }
  });

  it('says of every service how its health is known; a service waits for what it cannot start without', () => {
    for (const [name, service] of services) {
      // The image of Gatehouse has a check of its own.
      const has = service.healthcheck !== undefined || INSTANCES.includes(name);
      expect([name, has]).toEqual([name, true]);
    }
    for (const name of INSTANCES) {
      expect(serviceOf(name).depends_on).toMatchObject({
        migrate: { condition: 'service_completed_successfully' },
        postgres: { condition: 'service_healthy' },
      });
      expect(serviceOf(name).environment.MIGRATE).toBe('off');
    }
  });

  it('configures two instances alike, with variables that there are', () => {
    const [a, b] = INSTANCES.map(serviceOf);
    expect({ ...a, networks: undefined }).toEqual({ ...b, networks: undefined });
    for (const name of [...INSTANCES, 'migrate']) {
      expect([name, unknownVariables(serviceOf(name).environment)]).toEqual([name, []]);
      for (const [variable, value] of Object.entries(serviceOf(name).environment)) {
        if (variable.endsWith('_FILE')) expect(serviceOf(name).secrets).toContain(value.replace('/run/secrets/', ''));
      }
    }
    // The migration holds the addresses of the database and nothing else.
    expect(serviceOf('migrate').secrets).toEqual(['database_url', 'migrate_database_url']);
    expect(a?.secrets).not.toContain('migrate_database_url');
  });

  it('believes nginx alone, at the address that it has; Postgres and Redis are out of reach from outside', () => {
    const { edge } = serviceOf('nginx').networks;
    for (const name of INSTANCES) expect(serviceOf(name).environment.TRUST_PROXY).toBe(`${edge ?? ''}/32`);
    const [subnet] = compose.networks.edge?.ipam?.config ?? [];
    const prefix = subnet?.subnet.replace(/0\/24$/, '') ?? 'none';
    for (const name of ['nginx', ...INSTANCES]) expect(serviceOf(name).networks.edge?.startsWith(prefix)).toBe(true);
    for (const name of ['postgres', 'redis']) {
      expect(serviceOf(name).ports).toEqual([]);
      expect(Object.keys(serviceOf(name).networks).every((network) => compose.networks[network]?.internal)).toBe(true);
    }
  });

  it('has Prometheus ask both instances', () => {
    const configuration = readFileSync(path.join(PROJECT, 'deploy/prometheus/prometheus.yml'), 'utf8');
    for (const name of INSTANCES) expect(configuration).toContain(`${name}:9464`);
  });
});

describe('what compose.yaml starts', () => {
  let secrets: string;
  let postgres: DebianPostgres;
  let redis: RedisUnderTest;

  beforeAll(async () => {
    buildServer();
    const deploy = path.join(scratchFolder(), 'deploy');
    mkdirSync(deploy);
    copyFileSync(path.join(PROJECT, 'deploy/make-secrets.sh'), path.join(deploy, 'make-secrets.sh'));
    execFileSync('sh', [path.join(deploy, 'make-secrets.sh')], { stdio: 'pipe' });
    secrets = path.join(deploy, 'secrets');
    postgres = await DebianPostgres.start();
    redis = await RedisUnderTest.start(['--requirepass', secret('redis_password')]);
  });
  afterEach(killServers);
  afterAll(async () => {
    await redis.stop();
    await postgres.stop();
  });

  const secret = (name: string): string => readFileSync(path.join(secrets, name), 'utf8');

  /** What a service is configured with, on this machine's ports instead of the network's names. */
  const environmentOf = (name: string): Record<string, string> => {
    const folder = scratchFolder();
    const given = Object.entries(serviceOf(name).environment).map(([variable, value]) => {
      if (!variable.endsWith('_FILE')) return [variable, value.replace(/^\$\{[A-Z_]+:-(.*)\}$/, '$1')];
      const file = path.join(folder, path.basename(value));
      const own = (url: string): string =>
        url.replace('postgres:5432', new URL(postgres.url()).host).replace('redis:6379', new URL(redis.url).host);
      writeFileSync(file, own(secret(path.basename(value))));
      return [variable, file];
    });
    const own = Object.fromEntries(given) as Record<string, string>;
    return { NODE_ENV: 'production', ...own, HOST: '127.0.0.1', METRICS_HOST: '127.0.0.1' };
  };

  it('makes every secret that is asked for, closed to others, and keeps what is there', () => {
    const files = Object.values(compose.secrets).map(({ file }) => path.basename(file));
    for (const file of files) expect([file, existsSync(path.join(secrets, file))]).toEqual([file, true]);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    const before = files.map(secret);
    const again = execFileSync('sh', [path.join(secrets, '..', 'make-secrets.sh')], { encoding: 'utf8' });
    expect([again, files.map(secret)]).toEqual(['', before]);
    const values = ['jwt_secret', 'refresh_secret', 'owner_password', 'service_password'].map(secret);
    expect(new Set(values).size).toBe(values.length);
    expect(secret('database_url')).toContain(secret('service_password'));
    expect(secret('migrate_database_url')).toContain(secret('owner_password'));
    expect(spawnSync('git', ['check-ignore', '-q', 'deploy/secrets/jwt_secret'], { cwd: PROJECT }).status).toBe(0);
  });

  it('makes the roles, migrates as the owner, and serves as the role that owns nothing', async () => {
    execFileSync('sh', [path.join(PROJECT, 'deploy/postgres-roles.sh')], {
      env: {
        ...postgres.environment,
        PATH: `${debianPostgres()}:${postgres.environment.PATH ?? ''}`,
        OWNER_PASSWORD_FILE: path.join(secrets, 'owner_password'),
        SERVICE_PASSWORD_FILE: path.join(secrets, 'service_password'),
      },
      stdio: 'pipe',
    });
    // An instance that is too early does not serve, and says what is missing.
    const early = await startServer(scratchFolder(), environmentOf('gatehouse-a'));
    const { code, errors } = await early.ends();
    expect([code, errors]).toEqual([1, expect.stringContaining('MIGRATE is off')]);

    const migration = await startCommand('migrate.js', [], {
      cwd: scratchFolder(),
      env: environmentOf('migrate'),
    }).ends();
    expect([migration.code, migration.errors]).toEqual([0, '']);
    const instances = await Promise.all(INSTANCES.map((name) => startServer(scratchFolder(), environmentOf(name))));
    for (const instance of instances) {
      await instance.listens();
      await eventually(async () => {
        expect((await new Api(instance.url).get('/health/ready')).status).toBe(200);
      }, 30_000);
    }
    const [a, b] = instances.map(({ url }) => new Api(url));
    const credentials = { email: 'admin@example.com', password: secret('admin_password') };
    const headers = { 'x-forwarded-proto': 'https' };
    const answer = await a?.send<{ refreshToken: string }>('POST', '/api/login', { json: credentials, headers });
    expect(answer?.status).toBe(200);
    expect((await b?.refresh(answer?.body.refreshToken ?? '', headers))?.status).toBe(200);
    const service = postgres.url('gatehouse', 'gatehouse', secret('service_password'));
    await expect(onServer((query) => query('DELETE FROM audit_events'), service)).rejects.toThrow('permission denied');
    await expect(onServer((query) => query('CREATE TABLE mine (id int)'), service)).rejects.toThrow(
      'permission denied',
    );
    expect((await Promise.all(instances.map((each) => each.stop()))).map((ended) => ended.code)).toEqual([0, 0]);
  });

  it('has nginx take the file of deploy/nginx with the names of this network in it', async () => {
    const script = serviceOf('nginx').entrypoint?.at(-1) ?? '';
    const folder = scratchFolder();
    chmodSync(folder, 0o755);
    const made = path.join(folder, 'gatehouse.conf');
    const sed = script
      .slice(0, script.indexOf('exec '))
      .replace('/etc/gatehouse/gatehouse.conf', path.join(PROJECT, 'deploy/nginx/gatehouse.conf'))
      .replace('/etc/nginx/conf.d/gatehouse.conf', made);
    execFileSync('sh', ['-ec', sed]);
    const text = readFileSync(made, 'utf8');
    for (const name of INSTANCES) expect(text).toContain(`server ${name}:3000`);
    expect(text).not.toMatch(/10\.0\.0\.|^\s*server_name auth|\/etc\/gatehouse/m);
    // Here the names mean nothing, and the secrets lie elsewhere.
    const port = await freePort();
    const here = text
      .replaceAll(/gatehouse-[ab]:3000/g, '127.0.0.1:3000')
      .replaceAll('/run/secrets', secrets)
      .replace('listen 443', `listen 127.0.0.1:${port}`);
    const configuration = path.join(folder, 'nginx.conf');
    const lines = [`pid ${folder}/nginx.pid;`, 'error_log stderr;', 'events {}', `http { access_log off;\n${here}\n}`];
    writeFileSync(configuration, lines.join('\n'));
    const checked = spawnSync('nginx', ['-t', '-c', configuration], {
      encoding: 'utf8',
      env: { PATH: `${process.env.PATH ?? ''}:/usr/sbin` },
    });
    expect([checked.status, checked.stderr]).toEqual([0, expect.stringContaining('test is successful')]);
  });
});
