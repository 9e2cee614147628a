import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { DIST } from './built.js';
import { eventually } from './eventually.js';

const COMMANDS = path.join(DIST, 'src');
/** How long a command may take on a machine that does much else. */
const WITHIN_MS = 60_000;

/** A command of the built project, in a process of its own. */
export interface BuiltCommand {
  readonly stdin: ChildProcessWithoutNullStreams['stdin'];
  kill(signal: NodeJS.Signals): void;
  /** Resolves when its standard error matches. */
  tells(pattern: RegExp): Promise<void>;
  /** Resolves when it has ended by itself. */
  ends(): Promise<{ readonly code: number | null; readonly output: string; readonly errors: string }>;
}

/**
 * Starts a command. `buildServer` has to have built it.
 * @param env all of its environment but what finds Node: nothing of the tests' own reaches it
 */
export function startCommand(
  script: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): BuiltCommand {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(COMMANDS, script), ...args], {
    cwd,
    env: { PATH, ...env },
    stdio: 'pipe',
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.on('error', () => undefined); // It may end before it has read everything.
  const closed = once(child, 'close');
  return {
    stdin: child.stdin,
    kill: (signal) => {
      child.kill(signal);
    },
    tells: (pattern) =>
      eventually(() => {
        if (!pattern.test(errors)) throw new Error(`it did not tell ${String(pattern)}:\n${output}${errors}`);
      }, WITHIN_MS),
    ends: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
      await closed;
      clearTimeout(timer);
      return { code: child.exitCode, output, errors };
    },
  };
}
