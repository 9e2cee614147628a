import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** It has its input from the test, and ends with it. */
const LEASH = '"$@" >&2 & child=$!; cat >/dev/null; kill "-$0" $child; wait $child';
/** Debian has servers where only root looks. */
const ENVIRONMENT = { PATH: `${process.env.PATH ?? ''}:/usr/sbin` };
const SAID_LIMIT = 200_000;

export interface ProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Prints its version. */
  readonly versionFlag: string;
  readonly debianPackage: string;
  /** What ends it and its children. */
  readonly endedBy: 'TERM' | 'KILL';
}

/** A server from one of Debian's packages that runs in the foreground. */
export interface Program {
  /** The last of what it wrote. */
  readonly said: () => string;
  readonly stop: () => Promise<void>;
}

export function startProgram({ program, args, versionFlag, debianPackage, endedBy }: ProgramOptions): Program {
  if (spawnSync(program, [versionFlag], { env: ENVIRONMENT }).status !== 0) {
    throw new Error(`${program} is not installed, and these tests need it: \`apt-get install ${debianPackage}\`.`);
  }
  const child = spawn('/bin/sh', ['-c', LEASH, endedBy, program, ...args], {
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-SAID_LIMIT)));
  const exited = once(child, 'exit');
  return {
    said: () => said,
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
