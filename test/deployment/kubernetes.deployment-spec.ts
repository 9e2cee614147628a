import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { parseAllDocuments } from 'yaml';
import { trustProxy } from '../../src/config/parsers/network.js';
import { trustRule } from '../../src/http/trust-rule.js';
import { imageEnvironment } from '../support/dockerfile.js';
import { typeFaults } from '../support/excess-fields.js';
import {
  FOLDER,
  budget,
  checked,
  config,
  containerOf,
  deployment,
  documents,
  files,
  job,
  pods,
  policies,
  secrets,
  service,
} from '../support/kubernetes-manifests.js';
import type { Manifest } from '../support/kubernetes-manifests.js';
import { PINNED, PROJECT, unknownVariables, yamlDocuments } from '../support/manifests.js';

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

  it('believe an address that the ingress tells of, and none that a pod behind it does', () => {
    const parsed = trustProxy(config.data?.TRUST_PROXY ?? '');
    if (!parsed.ok) throw new Error('TRUST_PROXY is none');
    const trusts = trustRule(parsed.value);
    expect([trusts('10.244.1.7', 0), trusts('10.244.1.8', 1)]).toEqual([true, false]);
    // Whoever connects is believed, so that is one kind of pod of one namespace.
    const [rule, ...others] = (policies[0]?.spec?.ingress ?? []).filter(({ ports }) =>
      ports?.some(({ port }) => port === 'http'),
    );
    const [source, ...more] = rule?.from ?? [];
    expect([others, more, Object.keys(source ?? {}).sort()]).toEqual([[], [], ['namespaceSelector', 'podSelector']]);
    for (const { matchLabels } of [source?.namespaceSelector ?? {}, source?.podSelector ?? {}])
      expect(Object.keys(matchLabels ?? {})).toHaveLength(1);
  });

  it('let the pods reach all that their secrets name, mail by either port, and a collector by a rule to uncomment', () => {
    const openTo = (policy: NetworkPolicy | undefined): unknown[] =>
      (policy?.spec?.egress ?? []).flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    for (const [index, secret] of secrets.entries()) {
      const urls = Object.values(secret.stringData ?? {}).filter((value) => value.includes('://'));
      expect(urls.length).toBeGreaterThan(1);
      expect(openTo(policies[index])).toEqual(expect.arrayContaining(urls.map((url) => Number(new URL(url).port))));
    }
    expect(openTo(policies[0])).toEqual(expect.arrayContaining([465, 587]));
    const uncommented = readFileSync(path.join(PROJECT, FOLDER, 'network-policy.yaml'), 'utf8').replaceAll(
      /^( {4})# (?=- | {2})/gm,
      '$1',
    );
    const [document] = parseAllDocuments(uncommented).map((each) => each.toJS() as Manifest);
    if (!document) throw new Error('there is no policy');
    checked(document);
    expect(typeFaults([{ module: document.apiVersion, kind: document.kind, value: document }])).toEqual([]);
    expect(openTo(new NetworkPolicy(document as never))).toEqual([...openTo(policies[0]), 4318]);
    expect(openTo(policies[0])).not.toContain(4318);
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
