import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licenceFaults, licenceList } from './licences.js';
import { leftOut, lockFaults, manifestFaults } from './lock-faults.js';
import { componentsOf, makeSbom, sbomFaults } from './sbom.js';

const PROJECT = path.join(__dirname, '..');
const OUTPUT = path.join(PROJECT, 'release');

const readJson = (file: string): unknown => JSON.parse(readFileSync(path.join(PROJECT, file), 'utf8'));

/**
 * Makes what a release comes with, its list of components and of their licences, and says what keeps it from being one.
 * @returns what is wrong, a line each
 */
async function checkRelease(): Promise<string[]> {
  const sbom = makeSbom(PROJECT);
  const components = componentsOf(sbom);
  const lock = readJson('package-lock.json');
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(path.join(OUTPUT, 'sbom.cdx.json'), sbom);
  writeFileSync(path.join(OUTPUT, 'licences.txt'), licenceList(components));
  process.stdout.write(`release/sbom.cdx.json and release/licences.txt: ${components.length} packages\n`);
  return [
    ...(await sbomFaults(sbom)),
    ...licenceFaults(components),
    ...leftOut(lock, components),
    ...lockFaults(lock),
    ...manifestFaults(readJson('package.json')),
  ];
}

checkRelease().then(
  (faults) => {
    for (const fault of faults) process.stderr.write(`${fault}\n`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  },
  (error: unknown) => {
    process.stderr.write(`Nothing was checked: ${String(error)}\n`);
    process.exitCode = 1;
  },
);
