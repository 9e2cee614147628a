import Fastify from 'fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppConfig } from './config/app-config.js';
import { asAppError } from './http/as-app-error.js';
import { errorResponse } from './http/error-response.js';
import { UnavailableError } from './http/http.errors.js';
import type { ReadinessReport } from './http/readiness.js';
import { drain } from './http/server/drain.js';
import { fastifyOptions } from './http/server/fastify-options.js';
import { installHttpHooks } from './http/server/http-hooks.js';
import { reloadTls } from './http/server/tls-reload.js';
import { SystemClock } from './shared/clock.js';

const NOT_READY: ReadinessReport = { status: 'down', checks: { database: 'down' } };

export interface WaitingRoom {
  /** Frees the port. */
  close(): Promise<void>;
}

/**
 * Listens where the service will, with the same bounds, certificate and headers, while that waits for its database: probes
 * see a live process that is not ready, and everyone else 503 with `Retry-After`. No body is read, no credential looked at.
 */
export async function openWaitingRoom({ http }: Pick<AppConfig, 'http'>): Promise<WaitingRoom> {
  const fastify = Fastify(fastifyOptions({ http }));
  installHttpHooks(fastify, { http });
  const answer = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const context = { publicUrl: http.publicUrl, requestId: request.id, path: request.url };
    const { status, headers, body } = errorResponse(asAppError(error), context);
    void reply.code(status).headers(headers).send(body);
  };
  fastify.setErrorHandler(answer);
  fastify.addHook('onRequest', (request, reply, done) => {
    // The next request is for the service itself.
    void reply.header('connection', 'close');
    if (request.routeOptions.url?.startsWith('/health/')) done();
    else done(new UnavailableError());
  });
  fastify.get('/health/live', () => ({ status: 'up' }));
  fastify.get('/health/ready', (_request, reply) => reply.code(503).send(NOT_READY));
  reloadTls(fastify, http.tls, new SystemClock());
  await fastify.listen({ port: http.port, host: http.host });
  return {
    close: async () => {
      drain(fastify.server);
      // What has not been answered by now has not been asked.
      fastify.server.closeAllConnections();
      await fastify.close();
    },
  };
}
