import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { dockerfileStages, isInContext } from './dockerfile.js';
import type { Stage, Step } from './dockerfile.js';
import { scratchFolder } from './scratch.js';

const PROJECT = path.join(__dirname, '..', '..');
const RUN_TIMEOUT_MS = 400_000;

/**
 * Does what the Dockerfile says without a container engine: its COPY and RUN lines, each stage in a folder of its own.
 * @returns the folder that stands for `/` of the image, writable by its owner alone
 */
export function makeImageByHand(): string {
  const made = scratchFolder();
  chmodSync(made, 0o755);
  const stages = dockerfileStages();
  for (const stage of stages) build(stage, (name) => path.join(made, name));
  const root = path.join(made, stages.at(-1)?.name ?? '');
  execFileSync('chmod', ['-R', 'a+rX,a-w', root]);
  return root;
}

function build(stage: Stage, rootOf: (stage: string) => string): void {
  const root = rootOf(stage.name);
  let workdir = root;
  for (const step of stage.steps) {
    if (step.keyword === 'WORKDIR') workdir = path.join(root, step.words[0] ?? '');
    mkdirSync(workdir, { recursive: true });
    if (step.keyword === 'COPY') copy(step, workdir, step.from === undefined ? undefined : rootOf(step.from));
    if (step.keyword === 'RUN') run(step.text, workdir);
  }
}

/** @param from the root of another stage; the project itself, less what `.dockerignore` says, where undefined */
function copy({ words }: Step, workdir: string, from: string | undefined): void {
  const sources = words.slice(0, -1);
  const target = path.join(workdir, words.at(-1) ?? '');
  for (const source of sources) {
    const file = path.join(from ?? PROJECT, source);
    if (!existsSync(file)) throw new Error(`COPY ${source}: there is no such file`);
    if (from === undefined && !statSync(file).isDirectory() && !isInContext(source)) {
      throw new Error(`COPY ${source}: .dockerignore keeps it out`);
    }
    // A folder gives its content; a file keeps its name where the target is a folder.
    const into = statSync(file).isDirectory() ? target : path.join(target, path.basename(file));
    const filter =
      from === undefined ? (name: string): boolean => isInContext(path.relative(PROJECT, name)) : (): boolean => true;
    cpSync(file, into, { recursive: true, verbatimSymlinks: true, filter });
  }
}

function run(command: string, cwd: string): void {
  const { PATH = '', HOME = '' } = process.env;
  // What has been downloaded once is taken from npm's cache; the lock's hashes are checked all the same.
  const npm = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
  execFileSync('/bin/sh', ['-c', command], {
    cwd,
    env: { PATH, HOME, ...npm },
    stdio: 'pipe',
    timeout: RUN_TIMEOUT_MS,
  });
}

/** Every file below a folder with its size and time of change, to see what was written. */
export const listing = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const { size, mtimeMs } = statSync(path.join(entry.parentPath, entry.name));
      return `${path.join(entry.parentPath, entry.name)} ${size} ${mtimeMs}`;
    })
    .sort();
