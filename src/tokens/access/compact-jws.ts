import { isUtf8 } from 'node:buffer';
import { isUuid } from '../../shared/ids.js';

const MAX_TOKEN_BYTES = 4096;
const SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const HEADER_MEMBERS = ['alg', 'typ', 'kid'];
export const ACCESS_TOKEN_TYPE = 'at+jwt';
const MAX_ROLES = 16;

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
 * Reads a compact JWS (RFC 7515 §7.1) as strictly as its issuer wrote it, before any signature is checked:
 * under 4 KiB, three parts of canonical unpadded base64url, in the header exactly `alg`, `typ: "at+jwt"` and `kid`.
 * So there is no `crit`, `b64`, `jku`, `jwk` or `x5c` to be misread (RFC 8725 §3.10).
 * @returns undefined for anything else
 */
export function parseHeader(token: string): JwsHeader | undefined {
  if (token.length >= MAX_TOKEN_BYTES || !SHAPE.test(token)) return undefined;
  const [head = '', body = '', signature = ''] = token.split('.');
  if (![head, body, signature].every(isCanonical)) return undefined;
  const header = parseObject(head);
  if (!header || Object.keys(header).length !== HEADER_MEMBERS.length) return undefined;
  const { alg, typ, kid } = header;
  if (typ !== ACCESS_TOKEN_TYPE || typeof alg !== 'string' || typeof kid !== 'string') return undefined;
  return { alg, kid };
}

/** @returns the claims of a token that `parseHeader` has accepted, or undefined where one is missing or of another type */
export function parseClaims(token: string): AccessTokenClaims | undefined {
  const claims = parseObject(token.split('.')[1] ?? '');
  return claims && hasAccessTokenClaims(claims) ? claims : undefined;
}

/** One text per byte string: the unused bits of the last character are zero (RFC 4648 §3.5). */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

/**
 * Accepts only the text that our own serialiser makes: so no member stands twice (RFC 8259 §4), there is no byte order
 * mark and no invalid UTF-8, and two readers cannot disagree on what it says.
 */
function parseObject(part: string): Record<string, unknown> | undefined {
  const bytes = Buffer.from(part, 'base64url');
  // Decoding mends invalid bytes without a word, each into U+FFFD.
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || JSON.stringify(value) !== text) return undefined;
    return value;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasAccessTokenClaims(claims: object): claims is AccessTokenClaims {
  const of = (name: string): unknown => (Object.hasOwn(claims, name) ? Reflect.get(claims, name) : undefined);
  return (
    ['iss', 'aud', 'jti', 'client_id'].every((name) => isText(of(name))) &&
    ['sub', 'sid'].every((name) => isId(of(name))) &&
    ['iat', 'exp', 'auth_time', 'ver', 'era'].every((name) => isCount(of(name))) &&
    (of('nbf') === undefined || isCount(of('nbf'))) &&
    ['amr', 'roles'].every((name) => isListOfText(of(name)))
  );
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isId = (value: unknown): boolean => typeof value === 'string' && isUuid(value);
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isListOfText = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= MAX_ROLES && value.every(isText);
