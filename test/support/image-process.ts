import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { serverAccount } from '../../src/database/embedded/server-account.js';
import { eventually } from './eventually.js';

const WITHIN_MS = 60_000;
const children = new Set<ChildProcess>();

export interface ImageProcess {
  /** All that it has written so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, once it has ended; killed where it takes too long. */
  ends(): Promise<number | null>;
  says(pattern: RegExp): Promise<void>;
}

/** Kills whatever a test has left running. */
export async function killImageProcesses(): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  children.clear();
}

/**
 * Runs a command as a container would: in the folder of the image, with its environment alone, as an account that owns
 * nothing there.
 */
export function runInImage(
  root: string,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): ImageProcess {
  const account = serverAccount();
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  const [program = '', ...args] = command;
  // Whoever writes beside the image's folder, to a temporary one, is found out too.
  const nowhere = { HOME: '/nonexistent', TMPDIR: '/nonexistent' };
  // The image's node stands for the one of the tests.
  const own = program === 'node' ? process.execPath : program;
  const input = openSync('/dev/null', 'r');
  const child = spawn(own, args, {
    ...ids,
    cwd: path.join(root, 'app'),
    env: { ...nowhere, ...env },
    stdio: [input, 'pipe', 'pipe'],
  });
  closeSync(input);
  children.add(child);
  let output = '';
  const take = (text: string): void => {
    output += text;
  };
  child.stdout?.setEncoding('utf8').on('data', take);
  child.stderr?.setEncoding('utf8').on('data', take);
  const closed = once(child, 'close');
  return {
    output: () => output,
    kill: (signal) => void child.kill(signal),
    ends: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS);
      await closed;
      clearTimeout(timer);
      return child.exitCode;
    },
    says: (pattern) =>
      eventually(() => {
        if (!pattern.test(output)) throw new Error(`it did not say ${String(pattern)}:\n${output}`);
      }, WITHIN_MS),
  };
}
