import { writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { PROJECT } from './manifests.js';
import { scratchFolder } from './scratch.js';

export interface Typed {
  /** Where the type is declared: a module of kubernetes-models. */
  readonly module: string;
  readonly kind: string;
  readonly value: unknown;
}

/**
 * Has TypeScript compare values with the types of Kubernetes' objects. It finds what the schemas let pass: a field that does not
 * exist, at any depth, which the cluster would drop or refuse.
 * @returns what it says, a line each
 */
export function typeFaults(objects: readonly Typed[]): string[] {
  const lines = objects.flatMap(({ module, kind, value }, index) => [
    `import type { I${kind} as T${index} } from 'kubernetes-models/${module}';`,
    `export const value${index}: T${index} = ${JSON.stringify(value)};`,
  ]);
  const file = path.join(scratchFolder(), 'manifests.ts');
  writeFileSync(file, lines.join('\n'));
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2023,
  };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (literals, containing) =>
    literals.map(({ text }) => {
      // The scratch folder has no packages of its own.
      const from = containing === file ? path.join(PROJECT, 'test', 'manifests.ts') : containing;
      return ts.resolveModuleName(text, from, options, host, undefined, undefined, ts.ModuleKind.ESNext);
    });
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
