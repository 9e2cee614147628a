import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { mayExecute, type ServerAccount } from './server-account.js';

/** Where data goes when root's project lies under a folder that the server's account cannot enter, such as /root. */
const ELSEWHERE = '/var/lib/gatehouse';

const referenceIn = (directory: string): string => path.join(directory, 'location');
/** The cluster itself; log, lock and copied programs lie beside it. */
export const dataDirectoryIn = (home: string): string => path.join(home, 'data');

/** Finds the folder that holds the data of `directory`: itself, or the one that it refers to. Changes nothing. */
export function findServerHome(directory: string): string {
  const reference = referenceIn(directory);
  if (existsSync(reference)) return readFileSync(reference, 'utf8').trim();
  // One spelling whatever the way there: a running server is recognised by the path it was started with.
  return existsSync(directory) ? realpathSync(directory) : path.resolve(directory);
}

/**
 * Lets the account through a folder of root's, and nobody else: without `r` it cannot list what lies beside its own
 * folder, and the secrets there stay readable by root alone.
 */
const letThrough = (directory: string, account: ServerAccount): void => {
  chownSync(directory, 0, account.gid);
  chmodSync(directory, 0o710);
};

/**
 * Makes the folder that holds data, log and lock. As root, Postgres runs under another account, which has to reach it:
 * `.data` and the folder itself are opened to that account's group, and where a folder further up is closed, which is
 * not ours to open, the data lies under /var/lib/gatehouse. A random name there, noted in `directory`, keeps both bound:
 * who deletes `.data` with its secrets starts afresh instead of meeting a database that they no longer open.
 */
export function openServerHome(directory: string, account: ServerAccount | undefined): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account === undefined) {
    const home = findServerHome(directory);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return home;
  }
  letThrough(directory, account);
  const parent = path.dirname(path.resolve(directory));
  if (path.basename(parent) === '.data') letThrough(parent, account);
  if (!existsSync(referenceIn(directory)) && !mayExecute(account, directory)) referElsewhere(directory, account);
  const home = findServerHome(directory);
  if (home.startsWith(`${ELSEWHERE}/`)) {
    mkdirSync(ELSEWHERE, { recursive: true });
    chmodSync(ELSEWHERE, 0o711); // Whatever the umask.
    mkdirSync(home, { recursive: true, mode: 0o700 });
    letThrough(home, account);
  }
  return home;
}

const referElsewhere = (directory: string, account: ServerAccount): void => {
  if (existsSync(dataDirectoryIn(directory))) {
    throw new EmbeddedPostgresError(
      `The database in ${directory} cannot be reached by the user ${account.name}, as whom Postgres has to run: ` +
        'a folder above it is closed to others. Move the project back, or delete that folder to start afresh.',
    );
  }
  const home = path.join(ELSEWHERE, randomBytes(8).toString('hex'));
  writeFileSync(referenceIn(directory), `${home}\n`, { mode: 0o600 });
};
