import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** On what, and of what, something was measured. */
export interface Circumstances {
  /** `dirty` where files differ from it. */
  readonly commit: string;
  readonly at: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  readonly fsync: string;
  /** Of the machine in the minute before: more than next to nothing is somebody else's work. */
  readonly loadBefore: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** @returns `unknown` where there is no repository */
export function commitOf(folder: string): string {
  try {
    const args = ['--no-optional-locks', 'describe', '--always', '--exclude=*', '--abbrev=12', '--dirty'];
    return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}

export function machine(): Pick<Circumstances, 'cpu' | 'cores' | 'memoryGiB' | 'system' | 'node'> {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.platform()} ${os.release()}`,
    node: process.versions.node,
  };
}
