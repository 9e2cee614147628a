import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { z } from 'zod';
import type { Component } from './licences.js';
import { servicePackages } from './lock-faults.js';

const License = z.union([
  z.object({ license: z.object({ id: z.string().optional(), name: z.string().optional() }) }),
  z.object({ expression: z.string() }),
]);
const Listed = z.object({
  name: z.string(),
  group: z.string().optional(),
  version: z.string(),
  licenses: z.array(License).optional(),
  get components() {
    return z.array(Listed).optional();
  },
});
const Bom = z.object({ specVersion: z.literal('1.6'), components: z.array(Listed) });

/** Lists what the image has in it, as CycloneDX 1.6 in JSON: the packages that are no tools of development and not optional. */
export function makeSbom(project: string): string {
  const program = path.join(project, 'node_modules/@cyclonedx/cyclonedx-npm/bin/cyclonedx-npm-cli.js');
  const what = ['--omit', 'dev', 'optional', '--mc-type', 'application'];
  const how = ['--spec-version', '1.6', '--output-format', 'JSON', '--output-reproducible', '--output-file', '-'];
  const text = execFileSync(process.execPath, [program, ...what, ...how], {
    cwd: project,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lock: unknown = JSON.parse(readFileSync(path.join(project, 'package-lock.json'), 'utf8'));
  return `${JSON.stringify(ofServiceAlone(Tree.parse(JSON.parse(text)), servicePackages(lock)), null, 2)}\n`;
}

const Part = z.looseObject({
  'bom-ref': z.string(),
  name: z.string(),
  group: z.string().optional(),
  version: z.string().optional(),
  get components() {
    return z.array(Part).optional();
  },
});
const Tree = z.looseObject({
  components: z.array(Part),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).optional() })),
});

/** Without the packages and examples beside the service: npm 11 fails where it is told to leave them out itself. */
function ofServiceAlone(bom: z.output<typeof Tree>, needed: ReadonlySet<string>): object {
  const gone = new Set<string>();
  const kept = (parts: readonly z.output<typeof Part>[]): z.output<typeof Part>[] =>
    parts.flatMap(({ components, ...part }) => {
      const { group, name, version = '' } = part;
      if (!needed.has(`${group === undefined ? name : `${group}/${name}`}@${version}`)) {
        gone.add(part['bom-ref']);
        return [];
      }
      return [{ ...part, ...(components && { components: kept(components) }) }];
    });
  const components = kept(bom.components);
  const dependencies = bom.dependencies
    .filter(({ ref }) => !gone.has(ref))
    .map(({ dependsOn, ...of }) => ({
      ...of,
      ...(dependsOn && { dependsOn: dependsOn.filter((ref) => !gone.has(ref)) }),
    }));
  return { ...bom, components, dependencies };
}

/** @returns what the schema of CycloneDX finds wrong, a line each */
export async function sbomFaults(text: string): Promise<string[]> {
  const found = (await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)) as unknown;
  return found === null ? [] : [`the SBOM does not fit its schema: ${JSON.stringify(found)}`];
}

/** All components, those that others have for themselves too. */
export function componentsOf(text: string): Component[] {
  const flat = (listed: readonly z.output<typeof Listed>[]): Component[] =>
    listed.flatMap(({ name, group, version, licenses, components = [] }) => [
      { name: group === undefined ? name : `${group}/${name}`, version, licence: expressionOf(licenses ?? []) },
      ...flat(components),
    ]);
  return flat(Bom.parse(JSON.parse(text)).components);
}

/** Several licences of one package all hold. */
function expressionOf(licenses: readonly z.output<typeof License>[]): string | undefined {
  const each = licenses.map((one) =>
    'expression' in one ? `(${one.expression})` : (one.license.id ?? one.license.name ?? 'unnamed'),
  );
  return each.length === 0 ? undefined : [...new Set(each)].join(' AND ');
}
