import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { Api } from '../support/api.js';
import { buildServer, killServers, startServer } from '../support/built-server.js';
import { startCommand } from '../support/built-command.js';
import { createTestDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { imageEnvironment } from '../support/dockerfile.js';
import { eventually } from '../support/eventually.js';
import { typeFaults } from '../support/excess-fields.js';
import { freePort } from '../support/free-port.js';
import { PINNED, PROJECT, unknownVariables, yamlDocuments } from '../support/manifests.js';
import { scratchFolder } from '../support/scratch.js';
import { randomSecret } from '../support/test-app.js';

jest.setTimeout(120_000);

const FOLDER = 'deploy/kubernetes';
const files = readdirSync(path.join(PROJECT, FOLDER)).filter((file) => file.endsWith('.yaml'));

interface Manifest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string };
}

const documents = (file: string): Manifest[] => yamlDocuments(`${FOLDER}/${file}`) as Manifest[];
const KINDS = {
  ConfigMap,
  Deployment,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  Secret,
  Service,
  ServiceAccount,
};
const isKind = (kind: string): kind is keyof typeof KINDS => kind in KINDS;

/** Of Kubernetes' own schema; fails where the object does not fit it. */
function checked(document: Manifest): void {
  if (!isKind(document.kind)) throw new Error(`there is no schema for a ${document.kind} here`);
  new KINDS[document.kind](document).validate();
}

const deployment = new Deployment(documents('deployment.yaml')[0]);
const job = new Job(documents('migration-job.yaml')[0]);
const service = new Service(documents('service.yaml')[0]);
const budget = new PodDisruptionBudget(documents('pod-disruption-budget.yaml')[0]);
const policies = documents('network-policy.yaml').map((document) => new NetworkPolicy(document as never));
const config = new ConfigMap(documents('config.yaml')[0]);
const secrets = documents('secret.example.yaml').map((document) => new Secret(document as never));

type PodSpec = NonNullable<NonNullable<Deployment['spec']>['template']['spec']>;
const podOf = (spec: PodSpec | undefined): PodSpec => {
  if (spec === undefined) throw new Error('there is no pod');
  return spec;
};
const pods = {
  service: podOf(deployment.spec?.template.spec),
  migration: podOf(job.spec?.template.spec),
};
const containerOf = (pod: PodSpec): PodSpec['containers'][number] => {
  const [container] = pod.containers;
  if (container === undefined) throw new Error('there is no container');
  return container;
};
const labels = deployment.spec?.template.metadata?.labels ?? {};

describe('the manifests of Kubernetes', () => {
  it.each(files.filter((file) => file !== 'kustomization.yaml'))('%s fits the schema of Kubernetes', (file) => {
    for (const document of documents(file)) checked(document);
  });

  it('have no field that Kubernetes does not know', () => {
    const all = files.filter((file) => file !== 'kustomization.yaml').flatMap(documents);
    const typed = all.map((value) => ({ module: value.apiVersion, kind: value.kind, value }));
    expect(typeFaults(typed)).toEqual([]);
    const misspelt = JSON.parse(JSON.stringify(deployment).replace('readinessProbe', 'readynessProbe')) as unknown;
    expect(typeFaults([{ module: 'apps/v1', kind: 'Deployment', value: misspelt }])[0]).toContain('readynessProbe');
  });

  it('are all in the kustomization but the migration, which runs before, and the example of a secret', () => {
    const [kustomization] = yamlDocuments(`${FOLDER}/kustomization.yaml`) as [{ resources: string[] }];
    const apart = ['kustomization.yaml', 'migration-job.yaml', 'secret.example.yaml'];
    expect([...kustomization.resources, ...apart].sort()).toEqual([...files].sort());
    for (const { kind, metadata } of files.filter((file) => file !== 'kustomization.yaml').flatMap(documents))
      expect(kind === 'Namespace' ? metadata.name : metadata.namespace).toBe('gatehouse');
  });

  it('select the pods that there are', () => {
    for (const selector of [
      deployment.spec?.selector.matchLabels,
      budget.spec?.selector?.matchLabels,
      service.spec?.selector,
      policies[0]?.spec?.podSelector.matchLabels,
      ...(pods.service.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
    ]) {
      expect(Object.keys(selector ?? {})).toHaveLength(2);
      expect(labels).toMatchObject(selector ?? {});
    }
    expect(job.spec?.template.metadata?.labels).toMatchObject(policies[1]?.spec?.podSelector.matchLabels ?? {});
    // The Service must never send a request to the pod of the migration.
    expect(job.spec?.template.metadata?.labels).not.toMatchObject(service.spec?.selector ?? {});
  });

  it.each(['service', 'migration'] as const)('the pod of the %s can change nothing and has no right', (which) => {
    const pod = pods[which];
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      serviceAccountName: 'gatehouse',
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const container = containerOf(pod);
    expect(container.image).toMatch(PINNED);
    expect(container).toMatchObject({
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
      resources: { limits: { memory: expect.any(String) as string } },
    });
    expect(container.image).toBe(containerOf(pods.service).image);
  });

  it('take a pod out before it stops, and never have fewer than two', () => {
    expect(deployment.spec?.replicas).toBeGreaterThanOrEqual(2);
    expect(deployment.spec?.strategy?.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    expect(Number(budget.spec?.maxUnavailable)).toBeLessThan(Number(deployment.spec?.replicas));
    const wait = containerOf(pods.service).lifecycle?.preStop?.sleep?.seconds ?? 0;
    expect(wait).toBeGreaterThanOrEqual(5);
    expect((pods.service.terminationGracePeriodSeconds ?? 0) - wait).toBeGreaterThanOrEqual(40);
  });

  it('probe what the service answers, and let only Prometheus see its metrics', () => {
    const { startupProbe, readinessProbe, livenessProbe, ports } = containerOf(pods.service);
    expect([startupProbe, readinessProbe, livenessProbe].map((probe) => probe?.httpGet)).toEqual([
      { path: '/health/live', port: 'http' },
      { path: '/health/ready', port: 'http' },
      { path: '/health/live', port: 'http' },
    ]);
    const port = (name: string): string => String(ports?.find((each) => each.name === name)?.containerPort);
    expect([port('http'), port('metrics')]).toEqual([imageEnvironment().PORT, config.data?.METRICS_PORT]);
    expect(service.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(['http']);
    const rules = policies[0]?.spec?.ingress ?? [];
    const from = (name: string): unknown[] =>
      rules.filter(({ ports: open }) => open?.some((each) => each.port === name));
    expect([from('http').length, from('metrics').length, rules.length]).toEqual([1, 1, 2]);
    for (const rule of rules) expect(rule.from).toHaveLength(1);
    for (const { spec } of policies) expect(spec?.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(policies[1]?.spec?.ingress).toBeUndefined();
  });

  it('name variables that there are, and files that the secrets have', () => {
    expect(unknownVariables(config.data ?? {})).toEqual([]);
    for (const [pod, secret] of [
      [pods.service, secrets[0]],
      [pods.migration, secrets[1]],
    ] as const) {
      const { env = [], volumeMounts = [] } = containerOf(pod);
      expect(unknownVariables(Object.fromEntries(env.map(({ name, value }) => [name, value])))).toEqual([]);
      const [mount] = volumeMounts;
      const asked = env.map(({ value = '' }) => path.relative(mount?.mountPath ?? '', value)).sort();
      expect(asked).toEqual(Object.keys(secret?.stringData ?? {}).sort());
      expect(pod.volumes?.[0]?.secret?.secretName).toBe(secret?.metadata?.name);
      // No secret stands in the environment, where /proc and a crash report would show it.
      expect(env.every(({ name, valueFrom }) => name.endsWith('_FILE') && valueFrom === undefined)).toBe(true);
    }
  });
});

describe('what the manifests start', () => {
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
