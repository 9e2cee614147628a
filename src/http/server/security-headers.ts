import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import helmet from 'helmet';
import type { HelmetOptions } from 'helmet';

type Headers = Readonly<Record<string, string>>;
type Directives = Record<string, string[]>;

const NOTHING: Directives = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };

/** Swagger UI loads its own files, reads the document, and has inline styles and data: images; no inline script. */
const DOCS: Directives = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};

const TWO_YEARS_SECONDS = 2 * 365 * 24 * 60 * 60;

const helmetOptions = (directives: Directives): HelmetOptions => ({
  contentSecurityPolicy: { useDefaults: false, directives },
  strictTransportSecurity: { maxAge: TWO_YEARS_SECONDS, includeSubDomains: true },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
});

/**
 * What helmet would send, asked once: as middleware on every request it costs a quarter of the throughput.
 * Nothing is stored by a cache unless its handler says so itself.
 */
function collect(directives: Directives): Headers {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  let failure: unknown;
  helmet(helmetOptions(directives))(response.req, response, (error?: unknown) => {
    failure = error;
  });
  if (failure !== undefined) throw new Error('helmet refused its options', { cause: failure });
  const collected = Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)] as const);
  return Object.freeze({
    'cache-control': 'no-store',
    ...Object.fromEntries(collected),
    'content-security-policy': String(response.getHeader('content-security-policy')).replaceAll(/;\s*/g, '; '),
  });
}

const API_HEADERS = collect(NOTHING);
const DOCS_HEADERS = collect(DOCS);
const DOCS_PATH = /^\/docs(?:[/?]|$)/;

/** The headers of every answer; those of the reference page, where it is served, let Swagger UI run. */
export function securityHeaders(url: string, docs: boolean): Headers {
  return docs && DOCS_PATH.test(url) ? DOCS_HEADERS : API_HEADERS;
}
