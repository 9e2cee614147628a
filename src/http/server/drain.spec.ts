import { once } from 'node:events';
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import fastify from 'fastify';
import { closeConnectionsAtStop, drain } from './drain.js';

describe('a stop of the server', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });

  it('ends with the last answer, though the client would keep its connection', async () => {
    const server = fastify({ keepAliveTimeout: 60_000, return503OnClosing: false });
    closeConnectionsAtStop(server);
    let answer: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => {
      server.get('/', async () => {
        resolve();
        await new Promise<void>((go) => (answer = go));
        return 'answered';
      });
    });
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    const agent = new Agent({ keepAlive: true });
    try {
      const responded = once(get(url, { agent }), 'response') as Promise<[IncomingMessage]>;
      await asked;
      const closed = server.close();
      await new Promise((resolve) => setImmediate(resolve));
      answer?.();
      const [response] = await responded;
      expect([response.statusCode, response.headers.connection]).toEqual([200, 'close']);
      response.resume();
      await closed;
    } finally {
      agent.destroy();
    }
  });

  it('cuts what has not ended in time, so that a client never takes a part for the whole', async () => {
    const server = fastify({ return503OnClosing: false });
    closeConnectionsAtStop(server);
    server.get('/', (_request, reply) => {
      reply.raw.writeHead(200).write('the first line\n');
      reply.hijack();
    });
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    const [response] = (await once(get(url), 'response')) as [IncomingMessage];
    const failed = once(response.resume(), 'error');
    drain(server.server, 50);
    await server.close();
    const [error] = (await failed) as [Error & { code?: string }];
    expect([error.code, response.complete]).toEqual(['ECONNRESET', false]);
  });

  it('refuses new connections from its first moment', async () => {
    const server = fastify();
    closeConnectionsAtStop(server);
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    drain(server.server);
    const [error] = (await once(get(url), 'error')) as [Error & { code?: string }];
    expect(error.code).toBe('ECONNREFUSED');
    await server.close();
  });
});
