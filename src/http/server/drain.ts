import type { FastifyInstance } from 'fastify';

const LOOK_EVERY_MS = 100;

/**
 * Lets a stop end with the last answer. Node closes the idle connections once, as it stops listening; one whose request
 * was being answered just then would stay open for as long as its client likes, and the stop would wait for it.
 */
export function closeConnectionsAtStop(fastify: FastifyInstance): void {
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    const timer = setInterval(() => {
      fastify.server.closeIdleConnections();
    }, LOOK_EVERY_MS).unref();
    fastify.server.once('close', () => {
      clearInterval(timer);
    });
    done();
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
}
