import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const PROJECT = path.join(__dirname, '..');
const ARGON2 = pathToFileURL(path.join(PROJECT, 'node_modules/argon2/argon2.cjs')).href;
/** Hashes on every thread of the pool, as sign-ins do, and says what is left resident of it. */
const HASHES = `
  const { hash } = (await import('${ARGON2}')).default;
  const cost = { type: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 3; round += 1) await Promise.all([1, 2, 3, 4].map(() => hash('x', cost)));
  process.stdout.write(String((process.memoryUsage().rss - before) / 2 ** 20));
  process.exit(0);`;
const SAYS = 'process.stdout.write(process.pid + " " + process.env.GLIBC_TUNABLES); process.exit(0);';

/** Starts the script with something that Node runs instead of the service. */
function startWith(script: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  const instead = `data:text/javascript,${encodeURIComponent(script)}`;
  return spawn('sh', [path.join(PROJECT, 'bin', 'gatehouse')], {
    cwd: '/',
    env: { PATH: process.env.PATH, NODE_OPTIONS: `--import ${instead}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function saysOf(child: ChildProcess): Promise<string> {
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(child, 'close');
  return said;
}

describe('The script that starts the service', () => {
  it('puts it in its own place, so that signals reach it', async () => {
    const child = startWith(SAYS);
    expect((await saysOf(child)).split(' ')[0]).toBe(String(child.pid));
  });

  it('leaves what the operator has said about memory', async () => {
    expect(await saysOf(startWith(SAYS, { GLIBC_TUNABLES: '' }))).toMatch(/^\d+ $/);
    expect(await saysOf(startWith(SAYS))).toContain('glibc.malloc.mmap_threshold=1048576');
  });

  it('has the memory of password hashes given back once they are made', async () => {
    expect(Number(await saysOf(startWith(HASHES)))).toBeLessThan(19);
    // Otherwise each thread keeps its own.
    expect(Number(await saysOf(startWith(HASHES, { GLIBC_TUNABLES: '' })))).toBeGreaterThan(38);
  });
});
