import satisfies from 'spdx-satisfies';

/** Licences that ask for no more than a notice: what an Apache-2.0 image may hold and pass on. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
];

/** Packages that name no licence in their package.json, and what stands in their files instead. */
const TOLD_ELSEWHERE: Readonly<Record<string, string>> = {
  // README.md, "License": the MIT text.
  'pause@0.0.1': 'MIT',
};

export interface Component {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression; undefined where the package names none. */
  readonly licence: string | undefined;
}

/** @returns what is wrong, a line each */
export function licenceFaults(components: readonly Component[]): string[] {
  return components.flatMap(({ name, version, licence }) => {
    const of = `${name}@${version}`;
    const found = licence ?? TOLD_ELSEWHERE[of];
    if (found === undefined) return [`${of} names no licence`];
    return isPermissive(found) ? [] : [`${of} is under ${found}`];
  });
}

function isPermissive(expression: string): boolean {
  try {
    return satisfies(expression, PERMISSIVE);
  } catch {
    return false; // No SPDX expression.
  }
}

/** The list for people: a package a line, as the image has them. */
export const licenceList = (components: readonly Component[]): string =>
  [...components]
    .sort((one, other) => `${one.name}@${one.version}`.localeCompare(`${other.name}@${other.version}`, 'en'))
    .map(
      ({ name, version, licence }) => `${name} ${version}: ${licence ?? TOLD_ELSEWHERE[`${name}@${version}`] ?? '?'}\n`,
    )
    .join('');
