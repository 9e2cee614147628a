// Writes src/openapi.ts from the service's openapi.json, or with --check says whether it is current.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { URL } from 'node:url';
import openapiTypes, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';

const DOCUMENT = new URL('../../openapi.json', import.meta.url);
const TYPES = new URL('src/openapi.ts', import.meta.url);
const BANNER = '// Made from openapi.json by `npm run client:types`. Not to be edited.\n\n';

// Without their ids operations stand where they are used, and whoever reads a path's type need not look them up.
const document = JSON.parse(readFileSync(DOCUMENT, 'utf8'), (key, value) =>
  key === 'operationId' ? undefined : value,
);
const types = astToString(await openapiTypes(document, { alphabetize: true }));
const text = await format(BANNER + types, { ...(await resolveConfig(TYPES)), parser: 'typescript' });

if (process.argv.includes('--write')) {
  writeFileSync(TYPES, text);
} else if (readFileSync(TYPES, 'utf8') !== text) {
  process.stderr.write('packages/client/src/openapi.ts is not what openapi.json says. Run `npm run client:types`.\n');
  process.exitCode = 1;
}
