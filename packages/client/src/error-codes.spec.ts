import { readFileSync } from 'node:fs';
import path from 'node:path';

const codesIn = (text: string, type: string): string[] => {
  const [, union = ''] = new RegExp(`export type ${type} =([^;]*);`).exec(text) ?? [];
  return [...union.matchAll(/\| '(\w+)'/g)].map(([, code = '']) => code).sort();
};
const read = (file: string): string => readFileSync(path.resolve(file), 'utf8');

it('knows every code that the service answers with, and no other', () => {
  const known = codesIn(read('packages/client/src/error-codes.ts'), 'ServiceErrorCode');
  expect(known.length).toBeGreaterThan(40);
  expect(known).toEqual(codesIn(read('src/shared/error-codes.ts'), 'ErrorCode'));
});
