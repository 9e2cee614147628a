import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { AppConfig } from '../../config/app-config.js';
import { MalformedRequestError } from '../http.errors.js';
import { rateLimitFields } from '../rate-limit-fields.js';
import { Cors } from './cors.js';
import { closeConnectionsAtStop } from './drain.js';
import { acceptFormsUnderOauth } from './form-body.js';
import { acceptJsonAlone } from './json-body.js';
import { refusePlainHttp } from './plain-http.js';
import { RequestCourses, nameRequest } from './request-course.js';
import type { RequestObserver } from './request-course.js';
import { securityHeaders } from './security-headers.js';
import { boundServer } from './server-bounds.js';

/** RFC 9112 §3.2: exactly one Host, or none before HTTP/1.1. */
function hasLawfulHost(request: FastifyRequest): boolean {
  const { rawHeaders, httpVersionMinor, httpVersionMajor } = request.raw;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts === 1 || (hosts === 0 && httpVersionMajor === 1 && httpVersionMinor === 0);
}

/**
 * What every request meets before Nest does: its id, the headers of its answer, whatever that is, cross-origin rules
 * and the one kind of body. Create the application with `bodyParser: false`, or Nest's own parsers collide with it.
 * @param observers told of every request: the log, counters, traces
 */
export function installHttpHooks(
  fastify: FastifyInstance,
  config: Pick<AppConfig, 'http'>,
  observers: readonly RequestObserver[] = [],
): void {
  const cors = new Cors(config.http.corsOrigins);
  const headersOf = securityHeaders(config.http);
  const courses = new RequestCourses(fastify, observers);
  const setHeaders = (request: FastifyRequest, reply: FastifyReply): void => {
    void reply
      .headers(headersOf(request.url))
      .headers(cors.headers(request.headers.origin))
      .header('x-request-id', request.id);
  };

  fastify.addHook('onRequest', (request, reply, done) => {
    courses.take(request, reply);
    setHeaders(request, reply);
    if (!hasLawfulHost(request)) done(new MalformedRequestError('A request has one Host header field.'));
    else if (!cors.answersPreflight(request, reply)) done();
  });
  refusePlainHttp(fastify, config.http);
  fastify.addHook('onSend', (request, reply, payload, done) => {
    // Nest's adapter refuses odd request targets in a hook of its own, before the one above.
    if (!reply.hasHeader('x-request-id')) {
      nameRequest(request, reply);
      setHeaders(request, reply);
    }
    void reply.headers(rateLimitFields(request));
    done(null, payload);
  });
  // An expectation that nobody knows is ignored (RFC 9110 §10.1.1 allows a 417, which Node sends without a body).
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
  closeConnectionsAtStop(fastify);
  boundServer(fastify);
  acceptJsonAlone(fastify);
  acceptFormsUnderOauth(fastify);
}
