import type { EventEmitter } from 'node:events';
import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Server as TlsServer } from 'node:tls';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

const LOOK_EVERY_MS = 100;
/** What is under way has so long to end; then its connection is cut, which a client sees: no answer ends early and well. */
const DRAIN_MS = 10_000;

/** A connection that has brought nothing by then, such as a browser's in advance, is not waited for: Node does not call it idle. */
const UNUSED_MS = 500;
/** Long enough for a proxy that asks twice a second to see that nothing new should come here. */
const NOTICE_MS = 1_500;

type Server = HttpServer | HttpsServer;

/** Those whose clients are told that their connection ends. */
const leaving = new WeakSet<Server>();
const draining = new WeakSet<Server>();
const sockets = new WeakMap<Server, Set<Socket>>();
/** Connections in their TLS handshake, by the address at their other end. Node closes none of them, whoever asks it to. */
const handshakes = new WeakMap<EventEmitter, Map<string, Socket>>();

/**
 * Stops listening at once, and lets what is under way end within `limitMs`. Node closes the idle connections once, as it stops
 * listening; one whose request was being answered just then would stay open for as long as its client likes.
 */
export function drain(server: Server, limitMs = DRAIN_MS): void {
  if (draining.has(server)) return;
  draining.add(server);
  leaving.add(server);
  const beganMs = performance.now();
  const look = setInterval(() => {
    server.closeIdleConnections();
    if (performance.now() - beganMs > UNUSED_MS) closeUnused(server);
  }, LOOK_EVERY_MS).unref();
  const limit = setTimeout(() => {
    new Logger('Server').warn(`not all answers ended within ${limitMs} ms of the stop: their connections are cut`);
    server.closeAllConnections();
  }, limitMs).unref();
  // Called too where it has not been listening.
  server.close(() => {
    clearInterval(look);
    clearTimeout(limit);
  });
}

function closeUnused(server: Server): void {
  for (const socket of sockets.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
  for (const socket of handshakes.get(server)?.values() ?? []) socket.destroy();
}

const farEndOf = ({ remoteAddress = '', remotePort = 0 }: Socket): string => `${remoteAddress} ${remotePort}`;

/** A stop would wait for a handshake that nobody goes on with, for as long as TLS itself does. */
function followHandshakes(server: unknown): void {
  if (!(server instanceof TlsServer)) return;
  const underWay = new Map<string, Socket>();
  handshakes.set(server, underWay);
  server.on('connection', (socket: Socket) => {
    const farEnd = farEndOf(socket);
    underWay.set(farEnd, socket);
    socket.once('close', () => {
      if (underWay.get(farEnd) === socket) underWay.delete(farEnd);
    });
  });
  // With another socket, over the one that came.
  server.on('secureConnection', (socket) => underWay.delete(farEndOf(socket)));
}

/**
 * Listens on while the service says already that it is not ready: a proxy sends what is new to another instance then, and
 * nothing arrives as the port closes.
 */
export async function takeLeave(server: unknown, noticeMs = NOTICE_MS): Promise<void> {
  if (!isServer(server)) return;
  leaving.add(server);
  await delay(noticeMs);
}

const isServer = (server: unknown): server is Server => server instanceof HttpServer || server instanceof HttpsServer;

/** The first that happens at a stop of the application, before anything that waits for the database. */
@Injectable()
export class Drain implements OnModuleDestroy {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleDestroy(): void {
    const server: unknown = this.adapter()?.getHttpServer();
    if (isServer(server)) drain(server);
  }

  /** An application that serves nothing has none. */
  private adapter(): AbstractHttpAdapter | undefined {
    return this.host.httpAdapter;
  }
}

/** Drains the server as Fastify closes, unless that has begun, and has clients told that their connection ends. */
export function closeConnectionsAtStop(fastify: FastifyInstance): void {
  const { server } = fastify;
  const open = new Set<Socket>();
  sockets.set(server, open);
  server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  followHandshakes(server);
  fastify.addHook('preClose', (done) => {
    drain(server);
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (leaving.has(server)) void reply.header('connection', 'close');
    done(null, payload);
  });
}
