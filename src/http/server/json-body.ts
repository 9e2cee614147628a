import type { FastifyInstance, FastifyRequest } from 'fastify';

import { BODY_LIMIT_BYTES, MalformedJsonError, UnsupportedMediaTypeError } from '../http.errors.js';
import { FORM_WANTED, isOauthRoute } from './oauth-route.js';

/** Far more than any request has, far less than what a recursive reader could trip over. */
const MAX_DEPTH = 16;
const CHARSETS = /;\s*charset\s*=\s*"?([^";\s]*)/gi;
const BYTE_ORDER_MARK = '\uFEFF';
/** `ignoreBOM` keeps the mark in the text, where it is refused (RFC 8259 §8.1). */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function assertPlainUtf8(request: FastifyRequest): void {
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') throw new UnsupportedMediaTypeError();
  for (const [, charset] of (request.headers['content-type'] ?? '').matchAll(CHARSETS)) {
    if (charset?.toLowerCase() !== 'utf-8') throw new UnsupportedMediaTypeError();
  }
}

function textOf(body: Buffer): string {
  try {
    const text = utf8.decode(body);
    if (!text.startsWith(BYTE_ORDER_MARK)) return text;
  } catch {
    // Refused below: what was wrong with the bytes is nobody's business.
  }
  throw new MalformedJsonError();
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

/**
 * Makes JSON in UTF-8 the only body there is: every other content type is 415, and an empty body is `{}`.
 * A member that could reach a prototype is refused, wherever it stands.
 */
export function acceptJsonAlone(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT_BYTES },
    (request, body, done) => {
      if (isOauthRoute(request)) throw new UnsupportedMediaTypeError(FORM_WANTED);
      assertPlainUtf8(request);
      if (body.length === 0) {
        done(null, {});
        return;
      }
      void parse(request, textOf(body), (error, value) => {
        if (error) done(error);
        else if (isDeeperThan(MAX_DEPTH, value)) done(new MalformedJsonError());
        else done(null, value);
      });
    },
  );
  // Fastify's list of methods with a body decides what is read: no DELETE has one.
  fastify.addHttpMethod('DELETE', { hasBody: false, overrideExisting: true });
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined) request.body = {};
    done();
  });
}
