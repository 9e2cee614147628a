import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OpenSpan, SpanAttributes, SpanRecorder } from '../../observability/spans.js';
import type { RequestCourse, RequestObserver } from './request-course.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the trace that it is a part of, where requests are traced. */
    traceId?: string;
  }
}

/**
 * Makes a span of each request that reaches a route, or none, by the stable conventions for HTTP servers. It has the route's
 * pattern where those have the path: what else a client wrote into its URL is nobody's business.
 * Call it before `installHttpHooks`, so that what that one answers is traced too. It stops as Fastify closes.
 */
export function traceRequests(fastify: FastifyInstance, recorder: SpanRecorder, publicUrl: string): RequestObserver {
  const { protocol, hostname } = new URL(publicUrl);
  const origin = { 'url.scheme': protocol.slice(0, -1), 'server.address': hostname };
  const spans = new WeakMap<FastifyRequest, OpenSpan>();
  fastify.addHook('onClose', () => recorder.stop());
  fastify.addHook('onRequest', (request, _reply, done) => {
    const span = recorder.request(traceparentOf(request));
    request.traceId = span.traceId;
    spans.set(request, span);
    span.run(done);
  });
  // What reads a body goes on in the context of the connection.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.run(done);
    else done();
  });
  return {
    ended: (course, response) => {
      const span = course.request && spans.get(course.request);
      if (span) end(span, course, response, origin);
    },
  };
}

const traceparentOf = ({ headers }: FastifyRequest): string | undefined =>
  typeof headers.traceparent === 'string' ? headers.traceparent : undefined;

function end(span: OpenSpan, { route }: RequestCourse, response: ServerResponse, origin: SpanAttributes): void {
  const { method = '', httpVersion } = response.req;
  const status = response.headersSent ? response.statusCode : undefined;
  const isAborted = !response.writableFinished;
  span.end({
    name: route === undefined ? method : `${method} ${route}`,
    attributes: {
      ...origin,
      'http.request.method': method,
      'http.route': route,
      'url.path': route,
      'http.response.status_code': status,
      'network.protocol.version': httpVersion,
    },
    failure: status !== undefined && status >= 500 ? String(status) : isAborted ? 'aborted' : undefined,
  });
}
