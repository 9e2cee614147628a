import { z } from 'zod';
import type { Component } from './licences.js';

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      optional: z.boolean().optional(),
      dev: z.boolean().optional(),
      link: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

const Manifest = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});

const EXACT = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/**
 * Binaries for other systems, of tools of development: npm writes neither address nor hash of what it did not install
 * (https://github.com/npm/cli/issues/4460). No image and no test has them; on their own system npm fetches them unpinned.
 */
const UNHASHED = /^node_modules\/@(?:oxc-parser\/binding|swc\/core|unrs\/resolver-binding)-/;

/** The packages and examples beside the service. */
const OURS = /^(?:packages|examples)\/[a-z-]+$/;

/**
 * Looks for packages that could become others from one installation to the next.
 * @returns what is wrong, a line each
 */
export function lockFaults(lock: unknown): string[] {
  return Object.entries(Lock.parse(lock).packages).flatMap(([where, entry]) => {
    if (where === '') return [];
    const isExcused = UNHASHED.test(where) && entry.dev === true && entry.optional === true;
    // Those of this repository, which no installation of the service has: its image has neither folder.
    if (OURS.test(where) || (entry.link === true && OURS.test(entry.resolved ?? ''))) return [];
    if (entry.link === true) return [`${where} is a link to a folder`];
    // By name and hash, from whatever registry the installer uses: the lock names no address.
    if (entry.resolved !== undefined) return [`${where} comes from an address, not from the registry`];
    if (entry.integrity === undefined) return isExcused ? [] : [`${where} has no hash`];
    return entry.integrity.startsWith('sha512-') ? [] : [`${where} has a hash other than SHA-512`];
  });
}

type Packages = z.output<typeof Lock>['packages'];

/** Where Node finds a package that is required from another: in the nearest `node_modules` above it. */
function foundFrom(where: string, name: string, packages: Packages): string | undefined {
  for (let folder = where; ; folder = folder.replace(/\/?node_modules\/(?:@[^/]+\/)?[^/]+$/, '')) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (folder === '') return undefined;
  }
}

/** What the service alone needs: the packages and examples beside it have dependencies of their own in the same lock. */
function neededByService(packages: Packages): ReadonlySet<string> {
  const needed = new Set(['']);
  for (const where of needed) {
    for (const name of Object.keys(packages[where]?.dependencies ?? {})) {
      const found = foundFrom(where, name, packages);
      if (found !== undefined) needed.add(found);
    }
  }
  return needed;
}

/** @returns what the image has of the lock, each as `name@version` */
export function servicePackages(lock: unknown): ReadonlySet<string> {
  const { packages } = Lock.parse(lock);
  const needed = [...neededByService(packages)].filter((where) => where !== '' && packages[where]?.optional !== true);
  return new Set(needed.map((where) => `${where.replace(/^.*node_modules\//, '')}@${packages[where]?.version ?? ''}`));
}

/** @returns the packages of production that a list of components leaves out, a line each */
export function leftOut(lock: unknown, components: readonly Component[]): string[] {
  const listed = new Set(components.map(({ name, version }) => `${name}@${version}`));
  return [...servicePackages(lock)].filter((each) => !listed.has(each)).map((each) => `the SBOM leaves out ${each}`);
}

/** @returns the dependencies whose version may move, a line each */
export function manifestFaults(manifest: unknown): string[] {
  const { dependencies, devDependencies, optionalDependencies } = Manifest.parse(manifest);
  return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    .filter(([, version]) => !EXACT.test(version))
    .map(([name, version]) => `${name} is not pinned: ${version}`);
}
