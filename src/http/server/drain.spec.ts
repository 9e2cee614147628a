import { once } from 'node:events';
import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import fastify from 'fastify';
import { closeConnectionsAtStop } from './drain.js';

describe('a stop of the server', () => {
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
});
