import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { serverAccount } from '../../src/database/embedded/server-account.js';
import { onServer } from './database.js';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';
import { scratchFolder } from './scratch.js';

/** It has its input from the test, and ends with it. */
const LEASH = 'pgbouncer "$0" & child=$!; cat >/dev/null; kill -9 $child; wait $child';

/** Debian has it where only root looks. */
const ENVIRONMENT = { PATH: `${process.env.PATH ?? ''}:/usr/sbin` };

export interface PgBouncer {
  /** The address of the same database, through it. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Runs PgBouncer in transaction mode before a database, with fewer connections to Postgres than its clients have to it,
 * so that every transaction may get another one.
 */
export async function startPgBouncer(target: string): Promise<PgBouncer> {
  if (spawnSync('pgbouncer', ['--version'], { env: ENVIRONMENT }).status !== 0) {
    throw new Error('PgBouncer is not installed, and the chaos tests need it: `apt-get install pgbouncer`.');
  }
  const { hostname, port, username, password, pathname } = new URL(target);
  const account = serverAccount();
  const folder = scratchFolder();
  chmodSync(folder, 0o711);
  const file = path.join(folder, 'pgbouncer.ini');
  const own = await freePort();
  const lines = [
    '[databases]',
    `* = host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${own}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 3',
    'max_client_conn = 200',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o644 });
  const ids = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  const child = spawn('/bin/sh', ['-c', LEASH, file], {
    ...ids,
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-5_000)));
  const exited = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await exited;
  };
  const url = `postgres://${username}@127.0.0.1:${own}${pathname}`;
  try {
    await eventually(() => onServer((query) => query('SELECT 1'), url));
  } catch (error) {
    await stop();
    throw new Error(`PgBouncer does not answer: ${said}`, { cause: error });
  }
  return { url, stop };
}
