import type { FastifyRequest } from 'fastify';

/** Whether a request has reached a route under `/oauth`, where bodies are forms and errors are RFC 6749's. */
export const isOauthRoute = (request: FastifyRequest): boolean =>
  request.routeOptions.url?.startsWith('/oauth/') ?? false;

/** What is told to whoever sends another body there. */
export const FORM_WANTED = 'The body must be application/x-www-form-urlencoded.';
