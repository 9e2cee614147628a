import { MalformedRequestError } from '../../http/http.errors.js';

export const MAX_TOKEN_CHARACTERS = 8_192;

/**
 * The `token` of a request to introspect or to revoke; parameters that nobody knows are ignored (RFC 6749 §3.2).
 * `token_type_hint` is one of them: a token of ours shows its type by its form.
 * @throws MalformedRequestError where it is missing, empty, repeated or far too long
 */
export function tokenOf(form: unknown): string {
  const token: unknown = typeof form === 'object' && form !== null ? Reflect.get(form, 'token') : undefined;
  if (typeof token === 'string' && token !== '' && token.length <= MAX_TOKEN_CHARACTERS) return token;
  throw new MalformedRequestError('The form must have one token, given once.');
}
