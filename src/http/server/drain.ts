import { Server as HttpServer } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

const LOOK_EVERY_MS = 100;
/** What is under way has so long to end; then its connection is cut, which a client sees: no answer ends early and well. */
const DRAIN_MS = 10_000;

type Server = HttpServer | HttpsServer;

const draining = new WeakSet<Server>();

/**
 * Stops listening at once, and lets what is under way end within `limitMs`. Node closes the idle connections once, as it stops
 * listening; one whose request was being answered just then would stay open for as long as its client likes.
 */
export function drain(server: Server, limitMs = DRAIN_MS): void {
  if (draining.has(server)) return;
  draining.add(server);
  const look = setInterval(() => {
    server.closeIdleConnections();
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

/** The first that happens at a stop of the application, before anything that waits for the database. */
@Injectable()
export class Drain implements OnModuleDestroy {
  constructor(private readonly host: HttpAdapterHost) {}

  onModuleDestroy(): void {
    const server: unknown = this.adapter()?.getHttpServer();
    if (server instanceof HttpServer || server instanceof HttpsServer) drain(server);
  }

  /** An application that serves nothing has none. */
  private adapter(): AbstractHttpAdapter | undefined {
    return this.host.httpAdapter;
  }
}

/** Drains the server as Fastify closes, unless that has begun, and has clients told that their connection ends. */
export function closeConnectionsAtStop(fastify: FastifyInstance): void {
  const { server } = fastify;
  fastify.addHook('preClose', (done) => {
    drain(server);
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (draining.has(server)) void reply.header('connection', 'close');
    done(null, payload);
  });
}
