import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { codeOf } from './embedded-postgres-error.js';

const readProc = (file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return undefined;
  }
};

const ps = (column: 'command' | 'lstart', pid: number): string | undefined => {
  try {
    const output = execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.trim() || undefined;
  } catch {
    return undefined;
  }
};

const answersSignals = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

const linuxBirth = (pid: number): string | undefined => {
  const stat = readProc(`${pid}/stat`);
  // The command's name may hold anything, so the fields are counted from behind it: state is the third, the start the 22nd.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended = fields === undefined || fields[0] === 'Z' || fields[0] === 'X';
  return ended ? undefined : `${readProc('sys/kernel/random/boot_id')?.trim() ?? ''} ${fields[19] ?? ''}`;
};

/**
 * Tells one life of a pid from a later process that was given the same number.
 * @returns undefined where no such process runs; a zombie counts as gone
 */
export function birthOf(pid: number): string | undefined {
  switch (process.platform) {
    case 'linux':
      return linuxBirth(pid);
    case 'win32':
      return answersSignals(pid) ? 'alive' : undefined;
    default:
      return ps('lstart', pid);
  }
}

export const isRunning = (pid: number): boolean => birthOf(pid) !== undefined;

/**
 * True where the process was started with these arguments next to each other.
 * Windows shows no command line without a helper: there, true for whatever runs.
 */
export function wasStartedWith(pid: number, option: string, value: string): boolean {
  switch (process.platform) {
    case 'linux':
      return (readProc(`${pid}/cmdline`) ?? '').includes(`\0${option}\0${value}\0`);
    case 'win32':
      return answersSignals(pid);
    default:
      return `${ps('command', pid) ?? ''} `.includes(` ${option} ${value} `);
  }
}
