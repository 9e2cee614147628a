import { isUtf8 } from 'node:buffer';

const MAX_TOKEN_BYTES = 4096;
const SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const TYPE = 'at+jwt';
const MAX_LIST = 16;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export interface JwsHeader {
  readonly alg: string;
  readonly kid: string;
}

/** The claims of an access token (RFC 9068 §2.2), types checked and nothing else. Times are NumericDates in seconds. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly nbf?: number;
  readonly auth_time: number;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
  readonly client_id: string;
  readonly ver: number;
  readonly era: number;
}

/**
 * Reads the header of a compact JWS (RFC 7515 §7.1) in the one form that Gatehouse writes: under 4 KiB, three parts of
 * canonical unpadded base64url, in the header `alg`, `typ: "at+jwt"` and `kid` and nothing else. What could point elsewhere
 * or change how the rest is read (`jku`, `x5u`, `jwk`, `crit`, `b64`) is so refused before anything acts on it (RFC 8725 §3.10).
 * @returns undefined for anything else
 */
export function parseHeader(token: string): JwsHeader | undefined {
  if (token.length >= MAX_TOKEN_BYTES || !SHAPE.test(token)) return undefined;
  const parts = token.split('.');
  if (!parts.every(isCanonical)) return undefined;
  const header = parseObject(parts[0] ?? '');
  if (!header || Object.keys(header).length !== 3) return undefined;
  const { alg, typ, kid } = header;
  if (typ !== TYPE || typeof alg !== 'string' || typeof kid !== 'string') return undefined;
  return { alg, kid };
}

/** @returns the claims of a token that `parseHeader` has accepted; undefined where one is missing or of another type */
export function parseClaims(token: string): AccessTokenClaims | undefined {
  const claims = parseObject(token.split('.')[1] ?? '');
  return claims && hasAllClaims(claims) ? claims : undefined;
}

/** The unused bits of the last character are zero (RFC 4648 §3.5): there is one text for a byte string. */
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part;

/**
 * Only text that serialises to itself: so no member stands twice (RFC 8259 §4), nothing is mended in decoding, and no other
 * reader can see something else in it.
 */
function parseObject(part: string): Record<string, unknown> | undefined {
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isId = (value: unknown): boolean => typeof value === 'string' && UUID.test(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isListOfText = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= MAX_LIST && value.every(isText);
const mayBeAbsent =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || check(value);

const CLAIMS: readonly (readonly [keyof AccessTokenClaims, (value: unknown) => boolean])[] = [
  ['iss', isText],
  ['aud', isText],
  ['sub', isId],
  ['sid', isId],
  ['jti', isText],
  ['iat', isCount],
  ['exp', isCount],
  ['nbf', mayBeAbsent(isCount)],
  ['auth_time', isCount],
  ['amr', isListOfText],
  ['roles', isListOfText],
  ['client_id', isText],
  ['ver', isCount],
  ['era', isCount],
];

/** Own members alone: nothing that a prototype would lend. */
function hasAllClaims(claims: object): claims is AccessTokenClaims {
  return CLAIMS.every(([name, check]) =>
    check(Object.hasOwn(claims, name) ? (Reflect.get(claims, name) as unknown) : undefined),
  );
}
