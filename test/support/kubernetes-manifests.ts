import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1';
import { Job } from 'kubernetes-models/batch/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { PROJECT, yamlDocuments } from './manifests.js';

export const FOLDER = 'deploy/kubernetes';
export const files = readdirSync(path.join(PROJECT, FOLDER)).filter((file) => file.endsWith('.yaml'));

export interface Manifest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name?: string; readonly namespace?: string };
}

export const documents = (file: string): Manifest[] => yamlDocuments(`${FOLDER}/${file}`) as Manifest[];
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

/** Holds an object against Kubernetes' own schema, and fails where it does not fit. */
export function checked(document: Manifest): void {
  if (!isKind(document.kind)) throw new Error(`there is no schema for a ${document.kind} here`);
  new KINDS[document.kind](document).validate();
}

export const deployment = new Deployment(documents('deployment.yaml')[0]);
export const job = new Job(documents('migration-job.yaml')[0]);
export const service = new Service(documents('service.yaml')[0]);
export const budget = new PodDisruptionBudget(documents('pod-disruption-budget.yaml')[0]);
export const policies = documents('network-policy.yaml').map((document) => new NetworkPolicy(document as never));
export const config = new ConfigMap(documents('config.yaml')[0]);
export const secrets = documents('secret.example.yaml').map((document) => new Secret(document as never));

export type PodSpec = NonNullable<NonNullable<Deployment['spec']>['template']['spec']>;
const podOf = (spec: PodSpec | undefined): PodSpec => {
  if (spec === undefined) throw new Error('there is no pod');
  return spec;
};
export const pods = {
  service: podOf(deployment.spec?.template.spec),
  migration: podOf(job.spec?.template.spec),
};
export const containerOf = (pod: PodSpec): PodSpec['containers'][number] => {
  const [container] = pod.containers;
  if (container === undefined) throw new Error('there is no container');
  return container;
};
