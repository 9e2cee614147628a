import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { VARIABLES } from '../../src/config/schema.js';

export const PROJECT = path.join(__dirname, '..', '..');

/** The documents of a file of YAML in the project, its anchors and merge keys followed. */
export function yamlDocuments(file: string): unknown[] {
  const documents = parseAllDocuments(readFileSync(path.join(PROJECT, file), 'utf8'), { merge: true });
  return documents.map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as unknown;
  });
}

/** An image with a version, and none that changes what it means. */
export const PINNED = /^[a-z0-9./-]+:v?\d+(?:\.\d+){1,2}(?:-[a-z0-9.-]+)?$/;

/** The variables of an environment that no release of Gatehouse reads. */
export const unknownVariables = (env: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(env).filter((name) => {
    const known: readonly string[] = VARIABLES;
    return name !== 'NODE_ENV' && !known.includes(name) && !known.includes(name.replace(/_FILE$/, ''));
  });
