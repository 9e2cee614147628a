import type { FastifyReply, FastifyRequest } from 'fastify';

const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, X-Gatehouse, X-Request-Id';
const ALLOWED_METHODS = 'GET, HEAD, POST, PATCH, DELETE';
export const EXPOSED_HEADERS =
  'Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate, X-Request-Id, X-Refresh-Replay';
/** A removed origin is refused by browsers within this time. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/** Cross-origin rules for an exact list of origins: nothing is reflected, and an unlisted one gets no header at all. */
export class Cors {
  private readonly origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.origins = new Set(origins);
  }

  headers(origin: string | undefined): Readonly<Record<string, string>> {
    if (this.origins.size === 0) return {};
    if (!this.isListed(origin)) return { vary: 'Origin' };
    return {
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': EXPOSED_HEADERS,
    };
  }

  /** Answers a preflight of a listed origin; any other OPTIONS is a route that does not exist. */
  answersPreflight(request: FastifyRequest, reply: FastifyReply): boolean {
    const { origin, 'access-control-request-method': method } = request.headers;
    if (request.method !== 'OPTIONS' || method === undefined || !this.isListed(origin)) return false;
    void reply
      .code(204)
      .headers({
        'access-control-allow-methods': ALLOWED_METHODS,
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-max-age': String(PREFLIGHT_MAX_AGE_SECONDS),
      })
      .send();
    return true;
  }

  private isListed(origin: string | undefined): origin is string {
    return origin !== undefined && this.origins.has(origin);
  }
}
