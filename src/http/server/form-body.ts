import type { FastifyInstance } from 'fastify';

import { BODY_LIMIT_BYTES, UnsupportedMediaTypeError } from '../http.errors.js';
import { isOauthRoute } from './oauth-route.js';

/**
 * Makes a form the one body that routes under `/oauth` take (RFC 7009 §2.1, RFC 7662 §2.1); no other route does, so that
 * no plain HTML form of a foreign site reaches one. A parameter that stands twice becomes a list, which none may be
 * (RFC 6749 §3.2).
 */
export function acceptFormsUnderOauth(fastify: FastifyInstance): void {
  fastify.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
    (request, body, done) => {
      if (isOauthRoute(request)) done(null, readForm(body));
      else done(new UnsupportedMediaTypeError());
    },
  );
}

function readForm(body: string): Record<string, string | string[]> {
  const form = new URLSearchParams(body);
  const names = [...new Set(form.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const [first = '', ...others] = form.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]] as const;
    }),
  );
}
