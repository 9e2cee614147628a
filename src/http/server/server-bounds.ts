import { Readable } from 'node:stream';
import { Server as TlsServer } from 'node:tls';
import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

interface ServerBounds {
  readonly maxConnections: number;
  /** How long a streamed answer may take, in milliseconds. */
  readonly streamLifeMs: number;
}

const BOUNDS: ServerBounds = {
  // Of some 20 KB and a descriptor each. More are closed as they come.
  maxConnections: 8_192,
  // Tens of millions of events at the pace of the database. Who takes them a byte at a time would never be idle.
  streamLifeMs: 60 * 60 * 1_000,
};
/** Of some 130 KB each, from the first bytes of the handshake on: beside its hashes, more would not fit into 512 MiB. */
const MAX_TLS_CONNECTIONS = 1_536;
const TELL_EVERY_MS = 60_000;

const boundsOf = ({ server }: FastifyInstance): ServerBounds =>
  server instanceof TlsServer ? { ...BOUNDS, maxConnections: MAX_TLS_CONNECTIONS } : BOUNDS;

/** Bounds what is not a matter of one request: how many connections there are, and how long a streamed answer goes on. */
export function boundServer(fastify: FastifyInstance, bounds = boundsOf(fastify)): void {
  const { maxConnections, streamLifeMs } = bounds;
  fastify.server.maxConnections = maxConnections;
  fastify.server.on('drop', tellOfDrops(maxConnections));
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (payload instanceof Readable) {
      const timer = setTimeout(() => reply.raw.destroy(), streamLifeMs).unref();
      reply.raw.once('close', () => {
        clearTimeout(timer);
      });
    }
    done(null, payload);
  });
}

/** Whoever runs the service hears of it once a minute, not once a connection. */
function tellOfDrops(maxConnections: number): () => void {
  const logger = new Logger('Server');
  let [toldMs, dropped] = [-Infinity, 0];
  return () => {
    dropped += 1;
    if (performance.now() - toldMs < TELL_EVERY_MS) return;
    logger.warn(`${dropped} connections were closed as they came: there are ${maxConnections} already`);
    [toldMs, dropped] = [performance.now(), 0];
  };
}
