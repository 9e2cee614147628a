import type { IncomingMessage } from 'node:http';
import { TokenInvalidError, TokenMissingError } from '../errors.js';

/** `b64token` of RFC 6750 §2.1, behind a scheme that is case-insensitive (RFC 9110 §11.1). */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;
const BEARER_SCHEME = /^bearer(?: |$)/i;

/** The fields of a request by their name in lower case, and as they came: pairs of name and value. */
export type RequestFields = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/**
 * The access token of a request: in its one `Authorization` field, nowhere else, never in the URL (RFC 6750 §2.3).
 * @throws TokenMissingError if there is none, TokenInvalidError if it is not one token
 */
export function bearerToken({ headers: { authorization }, rawHeaders }: RequestFields): string {
  if (authorization === undefined || authorization === '') throw new TokenMissingError();
  // Node hands on the first of several and hides the rest, of which a proxy may have looked at another.
  const fields = rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'authorization');
  if (fields.length > 1) throw new TokenInvalidError('more than one Authorization field');
  if (!BEARER_SCHEME.test(authorization)) throw new TokenMissingError();
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw new TokenInvalidError('not one b64token');
  return token;
}
