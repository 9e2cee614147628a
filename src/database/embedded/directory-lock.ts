import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf, EmbeddedPostgresError } from './embedded-postgres-error.js';
import { birthOf } from './process-life.js';

export interface DirectoryLock {
  release(): void;
}

const contentOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** The pid of the Gatehouse that holds the lock; undefined where that process is gone, whoever has its number now. */
const holderOf = (content: string): number | undefined => {
  const [pidText = '', birth] = content.split('\n');
  const pid = Number(pidText);
  return Number.isInteger(pid) && pid > 0 && birthOf(pid) === birth ? pid : undefined;
};

const linkUnlessPresent = (from: string, to: string): boolean => {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
};

/**
 * Makes this process the only Gatehouse that starts and stops the Postgres of a directory: of two that share it, the
 * first to end would stop the other's database. The lock of a process that was killed is taken over.
 * @throws EmbeddedPostgresError naming the process that holds the directory
 */
export function lockDirectory(directory: string): DirectoryLock {
  const file = path.join(directory, 'gatehouse.lock');
  const own = `${file}.${process.pid}`;
  const content = `${process.pid}\n${birthOf(process.pid) ?? ''}\n`;
  writeFileSync(own, content, { mode: 0o600 });
  try {
    if (!linkUnlessPresent(own, file)) {
      const holder = holderOf(contentOf(file));
      if (holder !== undefined) {
        throw new EmbeddedPostgresError(
          `Another Gatehouse (pid ${holder}) runs in this folder, on the Postgres in ${directory}. ` +
            `End it first, or set DATABASE_URL to give this one a database of its own.`,
        );
      }
      renameSync(own, file);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return {
    release: () => {
      if (contentOf(file) === content) rmSync(file, { force: true });
    },
  };
}
