import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { mayExecute, type ServerAccount } from './server-account.js';

export interface ServerBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));
const Manifest = z.object({ version: z.string() });

const binariesIn = (root: string): ServerBinaries => {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const file = (name: string): string => path.join(root, 'bin', `${name}${suffix}`);
  return { initdb: file('initdb'), postgres: file('postgres'), pgCtl: file('pg_ctl') };
};

/** Resolved as the started script would, then as the working directory would: Gatehouse may be started from anywhere. */
function findPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  for (const from of [process.argv[1], path.join(process.cwd(), 'package.json')]) {
    if (from === undefined) continue;
    try {
      // Only its entry point is exported: <package>/dist/index.js.
      return path.resolve(path.dirname(createRequire(path.resolve(from)).resolve(name)), '..');
    } catch {
      continue;
    }
  }
  throw new EmbeddedPostgresError(
    `No Postgres comes with Gatehouse for this system, or it was left out at installation (${name} is missing). ` +
      'Set DATABASE_URL to a Postgres of yours.',
  );
}

/** npm keeps no symbolic links; the package's own install script makes them, unless scripts are off. */
function linkLibraries(root: string): void {
  const list = path.join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of Links.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = path.join(root, path.relative('native', target));
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

function makeExecutable(binaries: ServerBinaries): void {
  for (const file of [binaries.initdb, binaries.postgres, binaries.pgCtl]) {
    try {
      accessSync(file, constants.X_OK);
    } catch {
      chmodSync(file, 0o755);
    }
  }
}

/** An installation under a strict umask copies as closed as it was. */
function openToAll(root: string): void {
  chmodSync(root, 0o755);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(file, 0o755);
    else if (entry.isFile()) chmodSync(file, path.basename(entry.parentPath) === 'bin' ? 0o755 : 0o644);
  }
}

const isReadyIn = (root: string, account: ServerAccount | undefined): boolean => {
  try {
    linkLibraries(root);
    makeExecutable(binariesIn(root));
  } catch {
    return false; // Installed by someone else, read-only.
  }
  return account === undefined || mayExecute(account, binariesIn(root).postgres);
};

/** Finds Postgres' programs; where they cannot run in place, copies them (61 MB) to `home`. */
export function openServerBinaries(home: string, account: ServerAccount | undefined): ServerBinaries {
  const source = findPackage();
  const native = path.join(source, 'native');
  if (isReadyIn(native, account)) return binariesIn(native);
  const { version } = Manifest.parse(JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8')));
  const copy = path.join(home, `postgres-${version}`);
  if (!existsSync(copy)) {
    const unfinished = `${copy}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true });
    openToAll(unfinished);
    linkLibraries(unfinished);
    makeExecutable(binariesIn(unfinished));
    renameSync(unfinished, copy);
  }
  return binariesIn(copy);
}
