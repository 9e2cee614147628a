import type { FastifyHttpsOptions } from 'fastify';
import type { IncomingMessage, ServerOptions } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

import type { AppConfig, TrustProxy } from '../../config/app-config.js';
import { asAppError } from '../as-app-error.js';
import { errorResponse } from '../error-response.js';
import { BODY_LIMIT_BYTES } from '../http.errors.js';
import { trustRule } from '../trust-rule.js';
import type { TrustRule } from '../trust-rule.js';
import { clientErrorHandler } from './client-errors.js';
import { nameRequest } from './request-course.js';
import { requestIdOf } from './request-id.js';
import { securityHeaders } from './security-headers.js';
import { readTlsPair, tlsOptions } from './tls-pair.js';

const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Also how long an answer may wait for a client that has stopped reading. */
const IDLE_TIMEOUT_MS = 60_000;
/** Longer than the minute for which proxies keep a connection (nginx: keepalive_timeout): they must be the ones to close it. */
const KEEP_ALIVE_MS = 72_000;
/** Connections that stay for long keep to one instance: a new one has to be opened now and then. */
const MAX_REQUESTS_PER_CONNECTION = 10_000;

/**
 * Whose forwarding is believed: n trusted hops make the n-th address from the right of `X-Forwarded-For` the client's.
 * A bare number would not do: Fastify 5 takes one to mean that nobody is trusted.
 */
export const trustOf = (trustProxy: TrustProxy): TrustRule | false =>
  trustProxy.kind === 'none' ? false : trustRule(trustProxy);

const noSchemas = (): never => {
  throw new Error('Requests are checked by DTOs: a JSON schema on a route would need its compilers.');
};

const serverOptions: ServerOptions = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  // Node looks for late requests at this interval only, by default every 30 s.
  connectionsCheckingInterval: 1_000,
  // Node would answer a missing Host with an empty 400; `installHttpHooks` answers it with a problem document.
  requireHostHeader: false,
};

/** Fastify as every instance runs it; give it to `FastifyAdapter`, then call `installHttpHooks` on its instance. */
export function fastifyOptions(config: Pick<AppConfig, 'http'>): FastifyHttpsOptions<HttpsServer> {
  const { publicUrl, tls, trustProxy } = config.http;
  const headersOf = securityHeaders(config.http);
  return {
    // Fastify takes either.
    ...(tls ? { https: { ...serverOptions, ...tlsOptions(readTlsPair(tls)) } } : { https: null, http: serverOptions }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: IDLE_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxRequestsPerSocket: MAX_REQUESTS_PER_CONNECTION,
    trustProxy: trustOf(trustProxy),
    // Fastify would load Ajv and what compiles serialisers, for schemas that no route has.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    // While closing, open connections still get their answers instead of Fastify's own 503.
    return503OnClosing: false,
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, ignoreDuplicateSlashes: false },
    clientErrorHandler: clientErrorHandler(publicUrl),
    // Raised by the router, before any hook has run.
    frameworkErrors: (error, request, reply) => {
      nameRequest(request, reply);
      const context = { publicUrl, requestId: request.id, path: request.raw.url ?? '' };
      const { status, headers, body } = errorResponse(asAppError(error), context);
      reply.raw.writeHead(status, { ...headersOf(context.path), 'x-request-id': request.id, ...headers }).end(body);
    },
  };
}
