import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Copy, DockerfileParser, From, JSONInstruction } from 'dockerfile-ast';

const PROJECT = path.join(__dirname, '..', '..');

export interface Step {
  readonly keyword: string;
  /** The arguments without flags, as words. */
  readonly words: readonly string[];
  /** All of the arguments, as they stand. */
  readonly text: string;
  /** Of a COPY from another stage. */
  readonly from: string | undefined;
}

/** What one FROM begins. */
export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly steps: readonly Step[];
}

export const dockerfileText = (): string => readFileSync(path.join(PROJECT, 'Dockerfile'), 'utf8');

/** The stages of the project's Dockerfile, the image's own last. */
export function dockerfileStages(): readonly Stage[] {
  const stages: { name: string; image: string; steps: Step[] }[] = [];
  for (const instruction of DockerfileParser.parse(dockerfileText()).getInstructions()) {
    if (instruction instanceof From) {
      stages.push({ name: instruction.getBuildStage() ?? 'image', image: instruction.getImage() ?? '', steps: [] });
      continue;
    }
    const from =
      instruction instanceof Copy
        ? instruction
            .getFlags()
            .find((flag) => flag.getName() === 'from')
            ?.getValue()
        : undefined;
    const words =
      instruction instanceof JSONInstruction && instruction.getOpeningBracket() !== null
        ? instruction.getJSONStrings().map((string) => string.getJSONValue())
        : instruction.getArguments().map((argument) => argument.getValue());
    const text = instruction.getRawArgumentsContent() ?? '';
    stages.at(-1)?.steps.push({ keyword: instruction.getKeyword(), words, text, from: from ?? undefined });
  }
  return stages;
}

/** The steps of one kind in the image's own stage. */
export const imageSteps = (keyword: string): readonly Step[] =>
  dockerfileStages()
    .at(-1)
    ?.steps.filter((step) => step.keyword === keyword) ?? [];

/** What `ENV` sets in the image. */
export const imageEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    imageSteps('ENV').flatMap(({ words }) => words.map((word) => word.split('=') as [string, string])),
  );

const asPattern = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split(/(\*\*\/|\*)/)
      .map((part) =>
        part === '**/' ? '(?:.*/)?' : part === '*' ? '[^/]*' : part.replaceAll(/[.+^${}()|[\]\\?]/g, '\\$&'),
      )
      .join('')}$`,
  );

/** Whether a file of the project reaches the build: of the rules in `.dockerignore` the last that matches decides. */
export function isInContext(file: string): boolean {
  const rules = readFileSync(path.join(PROJECT, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
  const parts = file.split('/');
  const above = parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
  return rules.reduce((included, rule) => {
    const pattern = asPattern(rule.replace(/^!/, ''));
    return above.some((name) => pattern.test(name)) ? rule.startsWith('!') : included;
  }, true);
}
