import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { onServer } from './support/database.js';
import { eventually } from './support/eventually.js';
import { parseRaw } from './support/raw-http.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

/** A request that has come but for its last line: it is under way. */
async function begun(url: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: gatehouse.test\r\n`);
  return socket;
}

const finished = async (socket: Socket): Promise<ReturnType<typeof parseRaw>> => {
  socket.write('\r\n');
  return parseRaw(await text(socket));
};

const refused = (url: string): Promise<void> =>
  eventually(async () => {
    await expect(fetch(url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

interface WithShutdown {
  onApplicationShutdown(): unknown;
}

const hasShutdown = (instance: unknown): instance is WithShutdown =>
  typeof instance === 'object' && instance !== null && 'onApplicationShutdown' in instance;

describe('a service that is told to stop', () => {
  let service: TestApp;

  beforeEach(async () => {
    service = await startTestApp();
  });

  afterEach(async () => {
    // Where a test failed before it.
    if (service.app.get(DataSource).isInitialized) await service.close();
  });

  it('is not ready from then on, though live, takes no connection, and answers what is under way', async () => {
    const { url } = service.api;
    const { refreshToken, sessionId } = await service.api.signIn(ADMIN);
    const [ready, live] = [await begun(url, '/health/ready'), await begun(url, '/health/live')];
    let closed: Promise<void> | undefined;
    const answer = await onServer(async (query) => {
      await query('BEGIN');
      await query('UPDATE sessions SET last_used_at = last_used_at WHERE id = $1', [sessionId]);
      const refreshed = service.api.refresh(refreshToken);
      // Once it waits for the row.
      await eventually(async () => {
        const waits = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        expect(await service.sql(waits)).toHaveLength(1);
      });
      closed = service.close();
      await refused(url);
      const notReady = await finished(ready);
      expect([notReady.status, notReady.body]).toEqual([503, { status: 'down', checks: { shutting_down: 'down' } }]);
      expect(notReady.headers.get('connection')).toBe('close');
      expect((await finished(live)).status).toBe(200);
      await query('COMMIT');
      return refreshed;
    }, service.database.url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    await closed;
  });

  it('ends its streams with a time to come back at, and not the same for all', async () => {
    const { accessToken } = await service.api.signIn(ADMIN);
    const created = await service.api.post<{ clientId: string; clientSecret: string }>(
      '/api/admin/clients',
      { name: 'reader' },
      accessToken,
    );
    const { clientId, clientSecret } = created.body;
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    const open = async (): Promise<{ readonly read: Promise<string> }> => {
      const asked = get(new URL('/api/revocations', service.api.url), { headers: { authorization } });
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      return { read: text(response) };
    };
    const streams = [];
    for (let each = 0; each < 8; each += 1) streams.push(await open());
    const beganMs = performance.now();
    await service.close();
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    const hints = (await Promise.all(streams.map(({ read }) => read))).map((stream) =>
      Number(/retry: (\d+)\n\n$/.exec(stream)?.[1]),
    );
    for (const hint of hints) expect(hint).toBeLessThan(2_000);
    expect(new Set(hints).size).toBeGreaterThan(1);
  });

  it('ends its background work first and its connections last, and complains of nothing', async () => {
    const said: unknown[] = [];
    const keep = (message: unknown): void => void said.push(message);
    Logger.overrideLogger({ log: () => undefined, warn: keep, error: keep });
    const ended: string[] = [];
    for (const { name, providers } of service.app.get(ModulesContainer).values()) {
      for (const { instance } of providers.values()) {
        if (!hasShutdown(instance) || name.startsWith('TypeOrm')) continue;
        const end = instance.onApplicationShutdown.bind(instance);
        instance.onApplicationShutdown = async (): Promise<void> => {
          await end();
          ended.push(instance.constructor.name);
        };
      }
    }
    const pool = service.app.get(DataSource);
    const destroy = pool.destroy.bind(pool);
    pool.destroy = async (): Promise<void> => {
      ended.push('the pool');
      await destroy();
    };
    await service.close();
    expect(ended.length).toBeGreaterThan(5);
    expect(ended.at(-1)).toBe('the pool');
    expect(said).toEqual([]);
  });

  it('answers what it can no longer do with 503, whoever is still connected', async () => {
    const socket = await begun(service.api.url, '/api/me');
    const closing = service.close();
    await refused(service.api.url);
    const { status, body } = await finished(socket);
    expect([status, body]).toMatchObject([401, { code: 'token_missing' }]);
    await closing;
  });
});
