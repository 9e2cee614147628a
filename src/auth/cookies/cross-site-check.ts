import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AppConfig } from '../../config/app-config.js';
import { CsrfRejectedError } from '../auth.errors.js';

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/**
 * Keeps other sites' pages from calling with the cookies of whoever looks at them (OWASP ASVS 5.0, 3.5.1). A header of our
 * own and JSON make browsers ask first, which CORS then refuses; where they say who calls, that is looked at, too.
 */
@Injectable()
export class CrossSiteCheck {
  private readonly origins: ReadonlySet<string>;

  constructor({ http }: AppConfig) {
    this.origins = new Set([http.publicUrl, ...http.corsOrigins]);
  }

  /** For a call that a cookie proves. @throws CsrfRejectedError */
  assertGuarded(request: FastifyRequest): void {
    const { 'content-type': type, 'x-gatehouse': header } = request.headers;
    if (header !== '1' || !JSON_TYPE.test(type ?? '')) throw new CsrfRejectedError();
    this.assertOurs(request);
  }

  /** For a call that is answered with cookies: nobody signs somebody else's browser in. @throws CsrfRejectedError */
  assertOurs({ headers }: FastifyRequest): void {
    const isForeign = headers.origin !== undefined && !this.origins.has(headers.origin);
    if (isForeign || headers['sec-fetch-site'] === 'cross-site') throw new CsrfRejectedError();
  }
}
