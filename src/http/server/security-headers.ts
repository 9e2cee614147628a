import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

import helmet from 'helmet';
import type { HelmetOptions } from 'helmet';

import type { AppConfig } from '../../config/app-config.js';
import { isLoopback } from '../../config/parsers/network.js';

type Headers = Readonly<Record<string, string>>;
type Directives = Record<string, string[]>;

const NOTHING: Directives = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };

/**
 * The inline styles of Swagger UI and of the page that @nestjs/swagger puts it on, the second a `style` attribute (CSP Level 3
 * §8.4). Another version may have others: the browser test of the reference says which.
 */
const SWAGGER_STYLES = [
  "'sha256-/jDKvbQ8cdux+c5epDIqkjHbXDaIY8RucT1PmAe8FG4='",
  "'sha256-ezdv1bOGcoOD7FKudKN0Y2Mb763O6qVtM8LT2mtanIU='",
  "'sha256-eaPyLWVdqMc60xuz5bTp2yBRgVpQSoUggte1+40ONPU='",
  "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
];

/** Swagger UI loads its own files, reads the document and has data: images; no inline script. */
const DOCS: Directives = {
  ...NOTHING,
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-hashes'", ...SWAGGER_STYLES],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};

const TWO_YEARS_SECONDS = 2 * 365 * 24 * 60 * 60;

const HTTPS_ALONE = { maxAge: TWO_YEARS_SECONDS, includeSubDomains: true };

const helmetOptions = (directives: Directives, httpsAlone: boolean): HelmetOptions => ({
  contentSecurityPolicy: { useDefaults: false, directives },
  strictTransportSecurity: httpsAlone && HTTPS_ALONE,
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
});

/**
 * What helmet would send, asked once: as middleware on every request it costs a quarter of the throughput.
 * Nothing is stored by a cache unless its handler says so itself.
 */
function collect(directives: Directives, httpsAlone: boolean): Headers {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  let failure: unknown;
  helmet(helmetOptions(directives, httpsAlone))(response.req, response, (error?: unknown) => {
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

const DOCS_PATH = /^\/docs(?:[/?]|$)/;

/**
 * The headers of every answer, by its URL; those of the reference page, where it is served, let Swagger UI run. HSTS
 * (RFC 6797) goes with an https PUBLIC_URL, so always in production; but not for localhost, which a developer's other
 * projects share.
 */
export function securityHeaders({
  publicUrl,
  docs,
}: Pick<AppConfig['http'], 'publicUrl' | 'docs'>): (url: string) => Headers {
  const { protocol, hostname } = new URL(publicUrl);
  const httpsAlone = protocol === 'https:' && !isLoopback(hostname);
  const ofApi = collect(NOTHING, httpsAlone);
  const ofDocs = collect(DOCS, httpsAlone);
  return (url) => (docs && DOCS_PATH.test(url) ? ofDocs : ofApi);
}
