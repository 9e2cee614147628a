import { EXPOSED_HEADERS } from '../http/server/cors.js';
import { securityHeaders } from '../http/server/security-headers.js';
import { REQUEST_ID } from '../shared/json-formats.js';
import type { Header, Headers } from './open-api.js';
import { reference } from './open-api.js';

/** Of the document: the headers that any response has, said once instead of beside each. */
export const EVERY_RESPONSE = 'x-headers-of-every-response';

type Form = Readonly<Record<string, unknown>>;

const text = (description: string, form: Form, required = false): Header => ({
  description,
  required,
  schema: { type: 'string', ...form },
});

const LIMIT_NAME = '"[a-z_-]{1,64}"';
const listOf = (item: string): string => `^${item}(?:, ${item})*$`;

const DECLARED: Readonly<Record<string, Header>> = {
  'X-Request-Id': text('The id of this request; a caller’s own where it sent one of this form.', REQUEST_ID, true),
  'Cache-Control': text(
    'Nothing is stored, but for the key set and the metadata.',
    { maxLength: 64, pattern: '^(?:no-store|public, max-age=\\d+)$', example: 'no-store' },
    true,
  ),
  'Access-Control-Allow-Origin': text('The caller’s origin, where `CORS_ORIGINS` lists it.', {
    maxLength: 255,
    format: 'uri',
    example: 'https://app.example.com',
  }),
  RateLimit: text(
    'What is left of each limit that the request counted against: `r` requests or tries, for `t` seconds.',
    {
      maxLength: 512,
      pattern: listOf(`${LIMIT_NAME};r=\\d+;t=\\d+`),
      example: '"login-requests";r=57;t=59, "login";r=4;t=900',
    },
  ),
  'RateLimit-Policy': text('Those limits: `q` in any `w` seconds.', {
    maxLength: 512,
    pattern: listOf(`${LIMIT_NAME};q=\\d+;w=\\d+`),
    example: '"login-requests";q=60;w=60, "login";q=5;w=900',
  }),
  'Retry-After': {
    description: 'Seconds after which the same request may succeed.',
    required: false,
    schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 0x7fffffff, example: 5 },
  },
  'WWW-Authenticate': text('How to authenticate, and what was wrong with the token that was sent (RFC 6750 §3).', {
    maxLength: 512,
    pattern: '^(?:Bearer|Basic) realm="gatehouse"',
    example: 'Bearer realm="gatehouse", error="invalid_token", error_description="The access token has expired."',
  }),
  'Set-Cookie': text('`__Host-refresh` and, of a sign-in, `__Host-device`; a `Max-Age` of 0 clears.', {
    maxLength: 512,
    pattern: '^__Host-(?:refresh|device)=[A-Za-z0-9_-]*; ',
    example: '__Host-refresh=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
  }),
  'X-Refresh-Replay': text('That this refresh token was handed out before, by the same refresh.', { enum: ['retry'] }),
};

const SAMPLE_URL = 'https://auth.example.com';
const titled = (name: string): string => name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
const same = (description: string, value: string, required: boolean): Header => ({
  description,
  required,
  schema: { type: 'string', enum: [value] },
});

/** Those of helmet with their values, and the rest of CORS. */
export function headersOfEveryResponse(): Record<string, Header> {
  const constant = Object.entries(securityHeaders({ publicUrl: SAMPLE_URL, docs: false })('/api'));
  const secured = constant
    .filter(([name]) => name !== 'cache-control')
    .map(([name, value]) => [
      titled(name),
      same('The same on every response.', value, name !== 'strict-transport-security'),
    ]);
  const listed = 'For an origin that `CORS_ORIGINS` lists.';
  return {
    ...(Object.fromEntries(secured) as Record<string, Header>),
    Vary: same('Where `CORS_ORIGINS` lists any.', 'Origin', false),
    'Access-Control-Allow-Credentials': same(listed, 'true', false),
    'Access-Control-Expose-Headers': same(listed, EXPOSED_HEADERS, false),
  };
}

export const headerComponents = (): Record<string, Header> => ({ ...DECLARED });

/** References to headers that are declared here. */
export const headersNamed = (names: readonly string[]): Headers =>
  Object.fromEntries(names.map((name) => [name, reference('headers', name)]));

const ALWAYS = ['X-Request-Id', 'Cache-Control', 'Access-Control-Allow-Origin'];
const COUNTED = ['RateLimit', 'RateLimit-Policy'];

/**
 * What a response of this status has.
 * @param isCounted whether the route's requests are
 * @param challenges whether it tells how to authenticate
 */
export function headersOf(status: number, isCounted: boolean, challenges = false): Headers {
  return headersNamed([
    ...ALWAYS,
    ...(isCounted ? COUNTED : []),
    ...(status === 429 || status === 503 ? ['Retry-After'] : []),
    ...(challenges ? ['WWW-Authenticate'] : []),
  ]);
}
