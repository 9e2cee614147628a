import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import path from 'node:path';
import { isRunning } from '../src/database/embedded/process-life.js';
import { Api } from './support/api.js';
import { buildServer, killServers, startServer } from './support/built-server.js';
import type { BuiltServer } from './support/built-server.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { eventually } from './support/eventually.js';
import { productionEnvironment } from './support/production-environment.js';
import { scratchFolder } from './support/scratch.js';
import { proxyTo } from './support/tcp-proxy.js';
import { ADMIN } from './support/test-app.js';

jest.setTimeout(120_000);

const DRAIN_MS = 10_000;
const STOP_MS = 15_000;
const CRASH_MS = 5_000;

/** What a careless callback may do, at a signal, with what must not reach a log. */
const CARELESS = `
process.on('SIGUSR2', () => { throw new Error('nobody caught this', { cause: new Error('nor this') }); });
process.on('SIGWINCH', () => { for (let i = 0; i < 3; i += 1) Promise.reject({ password: 'canary' }); });
`;

let database: TestDatabase;
let complete: Record<string, string>;

beforeAll(async () => {
  buildServer();
  database = await createTestDatabase();
  complete = productionEnvironment(database.url, { METRICS_PORT: 'off', ADMIN_REQUIRE_MFA: 'off' });
});
afterEach(killServers);
afterAll(() => database.drop());

function careless(): Record<string, string> {
  const file = path.join(scratchFolder(), 'careless.mjs');
  writeFileSync(file, CARELESS);
  return { NODE_OPTIONS: `--import ${file}` };
}

const start = async (env: Readonly<Record<string, string>> = {}): Promise<BuiltServer> => {
  const server = await startServer(scratchFolder(), { ...complete, ...env });
  await server.listens();
  return server;
};

/** Sends the lines of a request; without the empty one behind them it stays under way. */
async function send({ url }: BuiltServer, ...lines: string[]): Promise<Socket> {
  const socket = createConnection(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined).write([...lines, 'Host: gatehouse.test', ''].join('\r\n'));
  return socket;
}

const elapsed = (sinceMs: number): number => performance.now() - sinceMs;

describe('a process that is told to stop', () => {
  it('waits for a client that does not read its export no longer than 10 s, and never lets a part pass for the whole', async () => {
    const server = await start();
    const { accessToken } = await new Api(server.url).signIn(ADMIN);
    await onServer(
      (query) =>
        query(`
          INSERT INTO audit_events (id, type, at, outcome, count, details, mac)
          SELECT overlay(e.id::text placing lpad(to_hex(n), 12, '0') from 25)::uuid, e.type, e.at, e.outcome, e.count,
                 jsonb_build_object('padding', repeat('x', 1000)), e.mac
          FROM (SELECT * FROM audit_events ORDER BY id LIMIT 1) e, generate_series(1, 40000) n`),
      database.url,
    );
    const reader = await send(server, 'GET /api/admin/events/export HTTP/1.1', `Authorization: Bearer ${accessToken}`);
    const first = once(reader, 'data');
    reader.write('\r\n');
    let received = String((await first)[0]);
    expect(received).toMatch(/^HTTP\/1\.1 200 /);
    reader.pause();
    const toldMs = performance.now();
    const { code, output, errors } = await server.stop();
    expect([code, errors]).toEqual([0, '']);
    // It answers all the while.
    expect(output).not.toContain('Postgres has not answered');
    expect(elapsed(toldMs)).toBeGreaterThan(DRAIN_MS - 1_000);
    expect(elapsed(toldMs)).toBeLessThan(STOP_MS);
    reader.on('data', (chunk) => (received = (received + String(chunk)).slice(-1_000)));
    const closed = once(reader, 'close');
    reader.resume();
    await closed;
    // The last chunk of a body that is whole (RFC 9112 §7.1).
    expect(received).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it('says that it is not ready before it stops listening, so that no proxy sends what the port would lose', async () => {
    const server = await start();
    const { accessToken } = await new Api(server.url).signIn(ADMIN);
    const unused = createConnection(Number(new URL(server.url).port), '127.0.0.1');
    await once(unused, 'connect');
    const toldMs = performance.now();
    process.kill(server.pid, 'SIGTERM');
    await eventually(async () => {
      const ready = await fetch(`${server.url}/health/ready`);
      expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close']);
      await ready.text();
    });
    expect((await new Api(server.url).get('/api/protected', accessToken)).status).toBe(200);
    expect(await server.ends()).toMatchObject({ code: 0, errors: '' });
    // Nor is it waited for a connection that never brought a request.
    expect(elapsed(toldMs)).toBeLessThan(DRAIN_MS);
    unused.destroy();
  });

  it('does not wait for a Postgres that takes questions and never answers: it says so, answers 503, and ends with 0', async () => {
    const wire = await proxyTo(database.url);
    try {
      const server = await start({ DATABASE_URL: wire.url });
      const api = new Api(server.url);
      const { refreshToken } = await api.signIn(ADMIN);
      wire.freeze();
      const underWay = api.refresh(refreshToken);
      await eventually(() => {
        expect(wire.dropped()).toBeGreaterThan(0);
      });
      const toldMs = performance.now();
      const { code, output, errors } = await server.stop();
      expect([code, errors]).toEqual([0, '']);
      expect(elapsed(toldMs)).toBeLessThan(STOP_MS);
      const { status, body } = await underWay;
      expect([status, body.code]).toEqual([503, 'unavailable']);
      const said = output.split('\n').filter((line) => line.includes('Postgres has not answered'));
      expect(said).toEqual([
        expect.stringMatching(/"level":"warn".* on \d+ connections \d+ ms after the stop began: all are cut/),
      ]);
    } finally {
      await wire.close();
    }
  });

  it('ends with 0 where nothing but its own work waits for such a Postgres', async () => {
    const wire = await proxyTo(database.url);
    try {
      const server = await start({ DATABASE_URL: wire.url });
      wire.freeze();
      await server.says(/revocations could not be read: .*no answer/);
      const toldMs = performance.now();
      const { code, errors } = await server.stop();
      expect([code, errors]).toEqual([0, '']);
      expect(elapsed(toldMs)).toBeLessThan(STOP_MS);
    } finally {
      await wire.close();
    }
  });

  it('ends at once when it is told again', async () => {
    const server = await start();
    const socket = await send(server, 'GET /health/live HTTP/1.1');
    const toldMs = performance.now();
    process.kill(server.pid, 'SIGTERM');
    const ended = server.ends();
    await eventually(() => {
      process.kill(server.pid, 'SIGTERM');
      expect(isRunning(server.pid)).toBe(false);
    });
    expect((await ended).code).toBe(1);
    expect(elapsed(toldMs)).toBeLessThan(DRAIN_MS / 2);
    socket.destroy();
  });

  it('takes the same signal from the terminal and from npm for one', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGINT');
    process.kill(server.pid, 'SIGINT');
    process.kill(server.pid, 'SIGTERM');
    expect(await server.ends()).toMatchObject({ code: 0, errors: '' });
  });
});

describe('an error that nobody caught', () => {
  it('is logged once, with its stack, and ends the process with 1, and the Postgres of development with it', async () => {
    const folder = scratchFolder();
    chmodSync(folder, 0o711);
    const server = await startServer(folder, { ...careless(), METRICS_PORT: 'off' });
    await server.says(/Stop with Ctrl-C/);
    const reference = path.join(folder, '.data', 'postgres', 'location');
    const home = existsSync(reference) ? readFileSync(reference, 'utf8').trim() : path.dirname(reference);
    const postgres = Number(readFileSync(path.join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
    expect(isRunning(postgres)).toBe(true);
    const crashedMs = performance.now();
    process.kill(server.pid, 'SIGUSR2');
    const { code, output, errors } = await server.ends();
    expect([code, elapsed(crashedMs) < CRASH_MS + 2_000]).toEqual([1, true]);
    const said = output + errors;
    expect(said.split('An error that nobody caught ends the process')).toHaveLength(2);
    expect(said).toMatch(/Error: nobody caught this\n\s+at .*careless\.mjs/);
    expect(said).toContain('nor this');
    await eventually(() => {
      expect(isRunning(postgres)).toBe(false);
    });
  });

  it('ends the process within 5 s, whatever is under way, and shows nothing of what was thrown but its kind', async () => {
    const server = await start(careless());
    const socket = await send(server, 'GET /health/live HTTP/1.1');
    const crashedMs = performance.now();
    process.kill(server.pid, 'SIGWINCH');
    const { code, output, errors } = await server.ends();
    expect([code, elapsed(crashedMs) < CRASH_MS + 2_000]).toEqual([1, true]);
    const fatal = output.split('\n').filter((line) => line.includes('"fatal"'));
    expect(fatal).toHaveLength(1);
    expect(fatal[0]).toContain('thrown: object');
    expect(output + errors).not.toContain('canary');
    socket.destroy();
  });
});
