import type { FastifyRequest } from 'fastify';

import { TokenInvalidError, TokenMissingError } from './security.errors.js';

/** `b64token` of RFC 6750 §2.1, behind a scheme that is case-insensitive (RFC 9110 §11.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const BEARER_SCHEME = /^bearer(?: |$)/i;

/** Node keeps the first of several `Authorization` fields and hides the rest. */
function isRepeated(request: FastifyRequest): boolean {
  const { rawHeaders } = request.raw;
  let found = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 13 && name.toLowerCase() === 'authorization') found += 1;
  }
  return found > 1;
}

const USUAL = 'Bearer ';

/**
 * What may be the access token of a request, as nearly all are sent, without looking at it: only for asking whether that very
 * text has been accepted before.
 */
export function likelyToken(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers;
  return authorization?.startsWith(USUAL) && !isRepeated(request) ? authorization.slice(USUAL.length) : undefined;
}

/**
 * The access token of a request: in its one `Authorization` field, nowhere else, never in the URL (RFC 6750 §2.3).
 * @throws TokenMissingError if there is none, TokenInvalidError if it is not one token
 */
export function bearerToken(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (authorization === undefined || authorization === '') throw new TokenMissingError();
  if (isRepeated(request)) throw new TokenInvalidError('more than one Authorization field');
  if (!BEARER_SCHEME.test(authorization)) throw new TokenMissingError();
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw new TokenInvalidError('not one b64token');
  return token;
}
