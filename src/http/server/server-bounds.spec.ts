import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';

import { fastifyOptions } from './fastify-options.js';
import { boundServer } from './server-bounds.js';

const http = {
  host: '127.0.0.1',
  port: 0,
  publicUrl: 'http://127.0.0.1:3000',
  appUrl: 'http://127.0.0.1:3000',
  corsOrigins: [],
  trustProxy: { kind: 'none' as const },
  tls: undefined,
  docs: false,
  rateLimit: false,
};
const BOUNDS = { maxConnections: 100, streamLifeMs: 60_000 };
const MEGABYTES = 32;

describe('a server', () => {
  let server: FastifyInstance;
  let sockets: Socket[];
  let made: Readable[];
  let said: string[];

  beforeEach(() => {
    [sockets, made, said] = [[], [], []];
    Logger.overrideLogger({
      log: () => undefined,
      error: () => undefined,
      warn: (line: string) => void said.push(line),
    });
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await server.close();
  });

  const listen = async (bounds: Partial<typeof BOUNDS> = {}): Promise<void> => {
    server = fastify(fastifyOptions({ http }));
    boundServer(server, { ...BOUNDS, ...bounds });
    server.get('/large', (_request, reply) => {
      const stream = Readable.from(Array.from({ length: MEGABYTES }, () => 'x'.repeat(1 << 20)));
      made.push(stream);
      return reply.send(stream);
    });
    server.get('/small', () => 'small');
    await server.listen({ port: 0, host: '127.0.0.1' });
  };
  const connect = async (): Promise<Socket> => {
    const socket = createConnection(Number(new URL(server.listeningOrigin).port), '127.0.0.1');
    sockets.push(socket.on('error', () => undefined));
    await once(socket, 'connect');
    return socket;
  };
  const ask = async (path: string): Promise<Socket> => {
    const socket = await connect();
    const first = once(socket, 'data');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: gatehouse.test\r\n\r\n`);
    await first;
    return socket;
  };

  it('closes the connections that are too many as they come, says so once, and serves the others', async () => {
    await listen({ maxConnections: 2 });
    const [one] = [await ask('/small'), await ask('/small')];
    const closed = [await connect(), await connect()].map((socket) => once(socket.resume(), 'close'));
    await Promise.all(closed);
    expect(said).toEqual(['1 connections were closed as they came: there are 2 already']);
    const answer = once(one, 'data');
    one.write('GET /small HTTP/1.1\r\nHost: gatehouse.test\r\n\r\n');
    expect(String(await answer)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('lets go of a client that does not read its answer, and of what was to be sent', async () => {
    await listen();
    // As long as `fastifyOptions` says, in less time.
    expect(server.server.timeout).toBe(60_000);
    server.server.timeout = 300;
    const socket = await ask('/large');
    socket.pause();
    const [stream] = made;
    if (!stream) throw new Error('nothing was asked for');
    await once(stream, 'close');
    expect(stream.readableEnded).toBe(false);
    expect(server.server).toMatchObject({ keepAliveTimeout: 72_000, maxRequestsPerSocket: 10_000 });
  });

  it('cuts an answer that is taken a little at a time', async () => {
    await listen({ streamLifeMs: 500 });
    const socket = await ask('/large');
    const timer = setInterval(() => {
      socket.read(1024);
    }, 20);
    socket.pause();
    const [stream] = made;
    if (!stream) throw new Error('nothing was asked for');
    await once(stream, 'close');
    clearInterval(timer);
    expect(stream.readableEnded).toBe(false);
  });

  it('does not cut one that ends in time', async () => {
    await listen({ streamLifeMs: 10_000 });
    const answer = await fetch(new URL('/large', server.listeningOrigin));
    expect((await answer.text()).length).toBe(MEGABYTES << 20);
  });
});
