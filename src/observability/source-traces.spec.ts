import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import ts from 'typescript';

const THROWER = `
interface Erased { readonly member: string }

export const fail = (_: Erased): never => {
  throw new TypeError('as asked');
};
`;
const MAIN = `
import { rmSync } from 'node:fs';
import { traceToSources } from './source-traces.js';
import { fail } from './thrower.js';
traceToSources();
const stackOf = (act: () => unknown): string => { try { act(); return ''; } catch (error) { return String((error as Error).stack); } };
const nameless = Object.assign(new Error('x'), { toString: () => { throw new Error('no'); } });
rmSync(new URL('./unmapped.js.map', import.meta.url));
const { fail: unmapped } = await import('./unmapped.js');
const stacks = [() => fail({ member: '' }), () => unmapped({ member: '' }), () => { throw nameless; }, () => JSON.parse('{')];
process.stdout.write(JSON.stringify(stacks.map(stackOf)));
`;

/** Compiled as the service is, and run by a Node of its own: Jest has its own ways with stacks. */
function stacksOf(folder: string): string[] {
  const compile = (name: string, text: string): void => {
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, sourceMap: true };
    const { outputText, sourceMapText = '' } = ts.transpileModule(text, {
      compilerOptions: options,
      fileName: `${name}.ts`,
    });
    writeFileSync(path.join(folder, `${name}.js`), outputText);
    writeFileSync(path.join(folder, `${name}.js.map`), sourceMapText);
  };
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  compile('source-traces', readFileSync(path.join(__dirname, 'source-traces.ts'), 'utf8'));
  compile('thrower', THROWER);
  compile('unmapped', THROWER);
  compile('main', MAIN);
  return JSON.parse(execFileSync(process.execPath, ['main.js'], { cwd: folder, encoding: 'utf8' })) as string[];
}

describe('traceToSources', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-traces-'));
  let [mapped, unmapped, nameless, native]: (string | undefined)[] = [];
  beforeAll(() => {
    [mapped, unmapped, nameless, native] = stacksOf(folder);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('names the line of the source that threw, and those that called it', () => {
    expect(mapped).toMatch(
      /^TypeError: as asked\n {4}at fail \(\/\S+\/thrower\.ts:5:9\)\n {4}at \S+ \(\/\S+\/main\.ts:10:/,
    );
  });

  it('names the place in the built file where there is no map', () => {
    expect(unmapped).toMatch(/^TypeError: as asked\n {4}at \S+ \(file:\/\/\S+\/unmapped\.js:\d+:\d+\)/);
  });

  it('has a stack for an error that cannot say what it is, and for one of Node itself', () => {
    expect(nameless).toMatch(/^Error\n {4}at /);
    expect(native).toMatch(/^SyntaxError: .*\n {4}at JSON\.parse \(<anonymous>\)\n {4}at .*main\.ts:/);
  });
});
