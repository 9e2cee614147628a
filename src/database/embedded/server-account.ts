import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

/** The account that Postgres runs as where it cannot be our own: it refuses to run as root. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const CANDIDATES = ['postgres', '_postgres', 'nobody', 'daemon'];

const idOf = (flag: '-u' | '-g', name: string): number => {
  try {
    return Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return Number.NaN;
  }
};

// macOS gives `nobody` the id 4294967294, which Node refuses.
const isUsable = (id: number): boolean => Number.isInteger(id) && id > 0 && id < 2 ** 31;

/** Returns whom Postgres runs as, or undefined for our own account, which will do unless it is root. */
export function serverAccount(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of CANDIDATES) {
    const account = { name, uid: idOf('-u', name), gid: idOf('-g', name) };
    if (isUsable(account.uid) && isUsable(account.gid)) return account;
  }
  throw new EmbeddedPostgresError(
    `Postgres does not run as root, and none of the accounts ${CANDIDATES.join(', ')} exists. ` +
      'Start Gatehouse as another user, or set DATABASE_URL.',
  );
}

/**
 * True where the account may enter that folder or run that file. The kernel is asked, as that account, since modes of
 * the folders above, access lists and mounts all have a say.
 */
export function mayExecute(account: ServerAccount, file: string): boolean {
  const options = { uid: account.uid, gid: account.gid, cwd: '/', stdio: 'ignore' } as const;
  return spawnSync('/bin/sh', ['-c', 'test -x "$0"', path.resolve(file)], options).status === 0;
}
