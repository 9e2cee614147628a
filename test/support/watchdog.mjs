// Once a run of the tests is gone, ends every Postgres in its folder (the only argument) and removes it. However the run
// went: the end of standard input is the end of the process that holds its other side, be it by kill -9.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const folder = process.argv[2];
const POLL_MS = 50;
const POLLS = 200;

const read = (file) => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
};

const signal = (pid, name) => {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
};

async function endPostgres(directory) {
  const home = read(path.join(directory, 'location')) || directory;
  const pidFile = path.join(home, 'data', 'postmaster.pid');
  const pid = Number(read(pidFile).split('\n')[0]);
  if (pid > 0 && signal(pid, 'SIGQUIT')) {
    signal(pid, 'SIGCONT'); // a test may have paused it
    for (let poll = 0; poll < POLLS && existsSync(pidFile) && signal(pid, 0); poll += 1) await delay(POLL_MS);
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 20 });
}

process.stdin.resume().once('end', async () => {
  const scratch = readdirSync(folder).map((name) => path.join(folder, name, '.data', 'postgres'));
  await Promise.all([path.join(folder, 'server'), ...scratch].map(endPostgres));
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});
