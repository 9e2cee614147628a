import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Api } from '../support/api.js';
import { buildServer, killServers, startServer } from '../support/built-server.js';
import { startCommand } from '../support/built-command.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { imageEnvironment } from '../support/dockerfile.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { config, containerOf, pods } from '../support/kubernetes-manifests.js';
import type { PodSpec } from '../support/kubernetes-manifests.js';
import { scratchFolder } from '../support/scratch.js';
import { randomSecret } from '../support/test-app.js';

jest.setTimeout(120_000);

describe('what the manifests of Kubernetes start', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    buildServer();
    database = await createTestDatabase('empty');
  });
  afterEach(killServers);
  afterAll(async () => {
    await database.drop();
  });

  /** The environment of a pod, its secret's files in a folder of the test. */
  const environmentOf = async (pod: PodSpec, values: Record<string, string>): Promise<Record<string, string>> => {
    const folder = scratchFolder();
    const { env = [], envFrom = [] } = containerOf(pod);
    for (const [name, value] of Object.entries(values)) writeFileSync(path.join(folder, name), value);
    return {
      ...imageEnvironment(),
      ...(envFrom.some(({ configMapRef }) => configMapRef?.name === config.metadata?.name) ? config.data : {}),
      ...Object.fromEntries(env.map(({ name, value = '' }) => [name, path.join(folder, path.basename(value))])),
      HOST: '127.0.0.1',
      METRICS_HOST: '127.0.0.1',
      PORT: String(await freePort()),
      METRICS_PORT: String(await freePort()),
    };
  };

  it('migrates by its Job, then serves, with exactly these environments', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const migration = await environmentOf(pods.migration, {
      database_url: database.url,
      migrate_database_url: database.url,
    });
    const [program, script = '', ...args] = containerOf(pods.migration).command ?? [];
    expect([program, args]).toEqual(['node', []]);
    const migrated = await startCommand(path.basename(script), [], { cwd: scratchFolder(), env: migration }).ends();
    expect([migrated.code, migrated.errors]).toEqual([0, '']);
    const env = await environmentOf(pods.service, {
      database_url: database.url,
      // Neither Redis nor the mail server is there: the service serves without them.
      redis_url: `redis://default:password@${nobody}/0`,
      smtp_url: `smtps://user:password@${nobody}`,
      jwt_secret: randomSecret(),
      refresh_secret: randomSecret(),
    });
    const server = await startServer(scratchFolder(), env);
    await server.listens();
    const { readinessProbe, livenessProbe } = containerOf(pods.service);
    const api = new Api(server.url);
    for (const probe of [readinessProbe, livenessProbe])
      await eventually(async () => {
        expect((await api.get(probe?.httpGet?.path ?? '')).status).toBe(200);
      }, 30_000);
    const recovered = await startCommand('admin-recover.js', ['ada@example.com'], { cwd: scratchFolder(), env }).ends();
    expect([recovered.code, recovered.output]).toEqual([0, expect.stringContaining(config.data?.APP_URL ?? '')]);
    expect((await server.stop()).code).toBe(0);
  });
});
