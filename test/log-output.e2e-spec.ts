import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import { DIST } from './support/built.js';
import { buildServer } from './support/built-server.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually, eventuallyFound } from './support/eventually.js';
import { freePort } from './support/free-port.js';
import { scratchFolder } from './support/scratch.js';
import { randomSecret } from './support/test-app.js';

const MAIN = path.join(DIST, 'src', 'main.js');
const START_MS = 60_000;
/** Their lines are some three megabytes: more than a pipe and the bound of the service hold together. */
const FLOOD = 12_000;
const BATCH = 500;
/** As long as one may be. */
const REQUEST_ID = 'x'.repeat(64);
const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };

type Entry = Readonly<Record<string, unknown>>;

const entriesIn = (text: string): Entry[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry);
const ofRequests = (entries: readonly Entry[]): Entry[] => entries.filter(({ context }) => context === 'Request');

jest.setTimeout(120_000);

describe('the log of a process', () => {
  let database: TestDatabase;
  let child: ChildProcess;
  let port: number;
  let metricsPort: number;

  beforeAll(async () => {
    buildServer();
    database = await createTestDatabase();
  });
  afterEach(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  afterAll(async () => {
    await database.drop();
  });

  async function start(stdout: 'pipe' | number): Promise<void> {
    [port, metricsPort] = [await freePort(), await freePort()];
    const stdio: StdioOptions = ['ignore', stdout, 'ignore'];
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      DATABASE_URL: database.url,
      PUBLIC_URL: 'https://auth.example.com',
      TRUST_PROXY: '1',
      MAIL: 'off',
      ...secrets,
    };
    child = spawn(process.execPath, [MAIN], { cwd: scratchFolder(), env, stdio });
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
    }, START_MS);
  }

  /** Many at a time on each connection: what is measured is the service. */
  const askOften = async (times: number): Promise<void> => {
    for (let left = times; left > 0; left -= BATCH) await askTogether(Math.min(BATCH, left));
  };
  async function askTogether(times: number): Promise<void> {
    const socket = createConnection(port, '127.0.0.1');
    socket.write(`GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${REQUEST_ID}\r\n\r\n`.repeat(times));
    let [answers, rest] = [0, ''];
    for await (const chunk of socket.setEncoding('latin1')) {
      const parts = (rest + String(chunk)).split('HTTP/1.1 404');
      answers += parts.length - 1;
      rest = (parts.at(-1) ?? '').slice(-20);
      if (answers === times) break;
    }
    expect(answers).toBe(times);
  }
  async function dropped(): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return Number(/^gatehouse_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]);
  }
  async function stop(): Promise<number | null> {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
    return child.exitCode;
  }

  it('that nobody reads holds up no answer; once it is read it says how many lines are lost, and goes on', async () => {
    await start('pipe');
    await askOften(FLOOD);
    const lost = await dropped();
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(FLOOD);

    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const notices = (): Entry[] => entriesIn(text).filter(({ context }) => context === 'Log');
    await eventuallyFound('the notice', () => notices()[0]);
    await askOften(100);
    await eventually(async () => {
      const told = notices().reduce((sum, entry) => sum + Number(entry.dropped), 0);
      expect(told).toBe(await dropped());
      // Some lost ones may have been of other things.
      const together = ofRequests(entriesIn(text)).length + told - (FLOOD + 100);
      expect(together).toBeGreaterThanOrEqual(0);
      expect(together).toBeLessThan(20);
    });
    expect(await stop()).toBe(0);
  });

  it('that nobody reads does not hold up a stop', async () => {
    await start('pipe');
    await askOften(1_000);
    const from = performance.now();
    expect(await stop()).toBe(0);
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  it('whose reader is gone ends nothing', async () => {
    await start('pipe');
    child.stdout?.destroy();
    await askOften(500);
    expect(await dropped()).toBeGreaterThan(0);
    expect(await stop()).toBe(0);
  });

  it.each(['a file', 'a full disk'])(
    'that goes to %s is written without holding up answers, and ends nothing',
    async (what) => {
      const file = what === 'a file' ? path.join(scratchFolder(), 'service.log') : '/dev/full';
      const descriptor = openSync(file, 'a');
      await start(descriptor);
      closeSync(descriptor);
      await askOften(500);
      expect(await stop()).toBe(0);
      // All of it, the last lines too.
      if (what === 'a file') expect(ofRequests(entriesIn(readFileSync(file, 'utf8')))).toHaveLength(500);
    },
  );

  it('is whole when it is told to stop right behind the last answer', async () => {
    await start('pipe');
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const closed = once(child, 'close');
    await askOften(1_000);
    expect(await stop()).toBe(0);
    await closed;
    expect(ofRequests(entriesIn(text))).toHaveLength(1_000);
  });
});
