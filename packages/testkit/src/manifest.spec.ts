import { readFileSync } from 'node:fs';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}
const manifestIn = (folder: string): Manifest => JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest;

/** For reading mail. */
const OWN = { 'postal-mime': expect.any(String) as string };

describe('the manifest of the testkit', () => {
  it('depends on what the service that it contains depends on', () => {
    const [service, testkit] = [manifestIn('.'), manifestIn('packages/testkit')];
    expect(testkit.dependencies).toEqual({ ...service.dependencies, ...OWN });
    expect(testkit.optionalDependencies).toEqual(service.optionalDependencies);
    expect(testkit.version).toBe(service.version);
  });
});
