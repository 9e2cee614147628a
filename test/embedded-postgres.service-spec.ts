import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client } from 'pg';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresPlan,
  planEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../src/database/embedded-postgres.js';
import { waitUntil } from '../src/database/embedded/postmaster.js';
import { isRunning } from '../src/database/embedded/process-life.js';
import { onServer } from './support/database.js';
import { scratchFolder } from './support/scratch.js';

const PASSWORD = `p/w?#&:@ '"%`;
const FAST = { fsync: 'off' };

describe('the embedded Postgres', () => {
  let project: string;
  let directory: string;
  let lines: string[];
  const started: EmbeddedPostgres[] = [];
  const children: ChildProcess[] = [];
  const log = (line: string): void => void lines.push(line);

  const newProject = (): string => {
    const folder = scratchFolder();
    chmodSync(folder, 0o711); // as root, Postgres runs under another account
    mkdirSync(path.join(folder, '.data'), { mode: 0o700 });
    return folder;
  };
  const useProject = (folder: string): void => {
    project = folder;
    directory = path.join(project, '.data', 'postgres');
  };

  /** A database that is there already: made once, copied for each test. */
  let prepared: string;

  beforeAll(async () => {
    prepared = newProject();
    useProject(prepared);
    const server = await startEmbeddedPostgres(await plan(), () => undefined, FAST);
    await server.stop();
  });
  afterAll(() => {
    rmSync(prepared, { recursive: true, force: true });
  });

  beforeEach(() => {
    lines = [];
    useProject(newProject());
    execFileSync('cp', ['-a', `${prepared}/.data/.`, path.join(project, '.data')]);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const server of started.splice(0)) await server.stop().catch(() => undefined);
    const left = postmasterPid();
    if (left !== undefined && isRunning(left)) process.kill(left, 'SIGQUIT');
    if (left !== undefined) await waitUntil(() => !isRunning(left), 5_000);
    rmSync(project, { recursive: true, force: true, maxRetries: 20 });
  });

  const plan = (): Promise<EmbeddedPostgresPlan> => planEmbeddedPostgres(directory, PASSWORD);
  const start = async (planned?: EmbeddedPostgresPlan): Promise<EmbeddedPostgresPlan & EmbeddedPostgres> => {
    const used = planned ?? (await plan());
    const server = await startEmbeddedPostgres(used, log, FAST);
    started.push(server);
    return { ...used, stop: () => server.stop() };
  };

  const postmasterPid = (): number | undefined => {
    const file = path.join(directory, 'data', 'postmaster.pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
  };

  const remember = (url: string): Promise<unknown> =>
    onServer((query) => query('CREATE TABLE kept AS SELECT 42 AS answer'), url);
  const recall = (url: string): Promise<unknown> => onServer((query) => query('SELECT answer FROM kept'), url);

  /** Starts the database in another process, as another Gatehouse would. */
  const startElsewhere = async (): Promise<{ child: ChildProcess; url: string }> => {
    const script = path.resolve('test/support/embedded-postgres-process.mjs');
    const child = spawn(process.execPath, [script, directory, PASSWORD], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [output] = (await once(child.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(output.toString()) as { url: string };
    return { child, url };
  };

  const killHard = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  it('knows its address before anything runs or is written', async () => {
    rmSync(directory, { recursive: true });
    const planned = await plan();
    expect(planned.url).toMatch(new RegExp(`^postgres://postgres:[^@]+@127\\.0\\.0\\.1:${planned.port}/postgres$`));
    expect(existsSync(directory)).toBe(false);
    const server = await start(planned);
    await expect(onServer((query) => query('SHOW server_version'), planned.url)).resolves.toHaveLength(1);
    expect(server.port).toBe(planned.port);
  });

  it('keeps its data between runs', async () => {
    const first = await start();
    await remember(first.url);
    await first.stop();
    expect(postmasterPid()).toBeUndefined();
    const second = await start();
    await expect(recall(second.url)).resolves.toEqual([{ answer: 42 }]);
  });

  it('listens on 127.0.0.1 alone, asks for the password by SCRAM, and keeps UTC', async () => {
    const { url } = await start();
    const settings = await onServer(
      (query) =>
        query(`SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
                      current_setting('TimeZone') AS zone, (SELECT count(*) FROM pg_hba_file_rules
                      WHERE auth_method <> 'scram-sha-256')::int AS open, current_setting('synchronous_commit') AS commits`),
      url,
    );
    expect(settings).toEqual([{ addresses: '127.0.0.1', sockets: '', zone: 'UTC', open: 0, commits: 'on' }]);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(onServer((query) => query('SELECT 1'), wrong.href)).rejects.toMatchObject({ code: '28P01' });
  });

  it('is closed to other users of the machine', async () => {
    await start();
    const modes = [directory, path.join(directory, 'data'), path.join(project, '.data')].map(
      (folder) => statSync(folder).mode & 0o777,
    );
    expect(modes.map((mode) => mode & 0o027)).toEqual([0, 0, 0]);
    expect(statSync(path.join(directory, 'server.log')).mode & 0o777).toBe(0o600);
  });

  it('takes over the server of a Gatehouse that was killed, at the same address and with its sessions', async () => {
    const { child, url } = await startElsewhere();
    await remember(url);
    const session = new Client({ connectionString: url });
    session.on('error', () => undefined); // ended along with the server below
    await session.connect();
    const pid = postmasterPid();
    await killHard(child);
    const second = await start();
    expect(second.url).toBe(url);
    expect(postmasterPid()).toBe(pid);
    expect(lines).toEqual([expect.stringContaining(`pid ${pid ?? 0}`)]);
    await expect(session.query('SELECT answer FROM kept')).resolves.toMatchObject({ rows: [{ answer: 42 }] });
    await second.stop();
    expect(isRunning(pid ?? 0)).toBe(false);
  });

  it('starts again with its data when Gatehouse and Postgres were both killed', async () => {
    const { child, url } = await startElsewhere();
    await remember(url);
    process.kill(postmasterPid() ?? 0, 'SIGKILL');
    await killHard(child);
    const second = await start();
    await expect(recall(second.url)).resolves.toEqual([{ answer: 42 }]);
  });

  it('refuses a second Gatehouse in the same folder, naming the first, which goes on undisturbed', async () => {
    const { child, url } = await startElsewhere();
    await expect(start()).rejects.toThrow(`Another Gatehouse (pid ${child.pid ?? 0}) runs in this folder`);
    await expect(onServer((query) => query('SELECT 1 AS one'), url)).resolves.toEqual([{ one: 1 }]);
  });

  it('is not misled by pid files whose numbers other processes have by now', async () => {
    const first = await start();
    await remember(first.url);
    await first.stop();
    // A process that Postgres may not take for itself: of the same user where possible, and alive throughout.
    const stranger = spawn('sleep', ['60'], { ...ownerOf(path.join(directory, 'data')), stdio: 'ignore' });
    children.push(stranger);
    const data = path.join(directory, 'data');
    writeFileSync(
      path.join(data, 'postmaster.pid'),
      `${stranger.pid ?? 0}\n${data}\n1\n5432\n\n127.0.0.1\n0 0\nready\n`,
    );
    writeFileSync(path.join(directory, 'gatehouse.lock'), `${stranger.pid ?? 0}\nanother life\n`);
    const second = await start();
    await expect(recall(second.url)).resolves.toEqual([{ answer: 42 }]);
    expect(isRunning(stranger.pid ?? 0)).toBe(true);
  });

  it('recovers from a stray chmod of its folder', async () => {
    const first = await start();
    await first.stop();
    chmodSync(path.join(directory, 'data'), 0o777);
    await expect(start()).resolves.toBeDefined();
  });

  it('recognises its server through another path to the same folder', async () => {
    const { child, url } = await startElsewhere();
    await killHard(child);
    const link = path.join(project, 'link');
    symlinkSync(path.join(project, '.data'), link);
    await expect(planEmbeddedPostgres(path.join(link, 'postgres'), PASSWORD)).resolves.toMatchObject({ url });
  });

  it('says so when another program takes the port first, and frees the folder', async () => {
    const planned = await plan();
    const thief = createServer().listen(planned.port, '127.0.0.1');
    await once(thief, 'listening');
    await expect(start(planned)).rejects.toThrow(`Another program took port ${planned.port}`);
    thief.close();
    await once(thief, 'close');
    await expect(start(planned)).resolves.toBeDefined();
  });

  it('says so when the password kept beside it is another one, and leaves nothing running', async () => {
    const first = await start();
    await first.stop();
    const planned = await planEmbeddedPostgres(directory, 'another');
    await expect(start(planned)).rejects.toThrow('made with another password');
    expect(postmasterPid()).toBeUndefined();
    await expect(start()).resolves.toBeDefined();
  });

  it('passes on why no database could be made', async () => {
    rmSync(directory, { recursive: true });
    const planned = await plan();
    const failing = startEmbeddedPostgres({ ...planned, password: '' }, log, FAST);
    await expect(failing).rejects.toThrow(/could not make a database in .*initdb: error: password file/s);
    expect(existsSync(path.join(directory, 'data'))).toBe(false);
  });
});

const ownerOf = (file: string): { uid?: number; gid?: number } => {
  const { uid, gid } = statSync(file);
  return process.getuid?.() === 0 ? { uid, gid } : {};
};
