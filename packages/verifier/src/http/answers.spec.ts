import type { IncomingMessage } from 'node:http';
import { errorResponse } from '../../../../src/http/error-response.js';
import * as service from '../../../../src/security/security.errors.js';
import { bearerToken as ownBearerToken } from '../../../../src/security/bearer-token.js';
import { CommitUnknownError, RevocationUnknownError } from '../../../../src/tokens/tokens.errors.js';
import * as errors from '../errors.js';
import { bearerToken } from './bearer-token.js';
import type { RequestFields } from './bearer-token.js';
import { refusalOf } from './problem.js';

const ISSUER = 'https://auth.example.com';
const REQUEST_ID = '6568f0b9-8439-42e6-8e55-385eb866bc65';
const typeOf = (code: string): string => `${ISSUER}/docs/errors#${code}`;

describe('a refusal', () => {
  it.each([
    [new errors.TokenMissingError(), new service.TokenMissingError()],
    [new errors.TokenInvalidError('form'), new service.TokenInvalidError('form')],
    [new errors.TokenExpiredError(), new service.TokenExpiredError()],
    [new errors.TokenStaleError(), new service.TokenStaleError()],
    [new errors.TokenRevokedError(), new service.TokenRevokedError()],
    [new errors.ForbiddenError(), new service.ForbiddenError()],
    [new errors.RevocationUnknownError('away'), new RevocationUnknownError('away')],
  ])('is the answer of Gatehouse itself: %s', (error, own) => {
    const context = { publicUrl: ISSUER, requestId: REQUEST_ID, path: '/orders' };
    const { status, headers, body } = errorResponse(own, context);
    const refusal = refusalOf(error, typeOf, REQUEST_ID);
    expect({ ...refusal, body: JSON.stringify(refusal.body) }).toEqual({
      status,
      headers: { ...headers, 'cache-control': 'no-store', 'x-request-id': REQUEST_ID },
      body,
    });
  });

  it('for a key that cannot be looked up says when to come again, and challenges nobody', () => {
    const { status, headers } = refusalOf(new errors.KeysUnavailableError(new Error('secret reason')), typeOf);
    const own = errorResponse(new CommitUnknownError(''), { publicUrl: ISSUER, requestId: '', path: '/' });
    expect([status, headers['retry-after'], headers['www-authenticate']]).toEqual([own.status, '1', undefined]);
  });

  it('tells nothing of its cause, and keeps no request id that is not safe to send back', () => {
    const refusal = refusalOf(new errors.TokenInvalidError(new Error('of the inside')), typeOf, 'x\r\nset-cookie: a=b');
    expect(JSON.stringify(refusal)).not.toMatch(/of the inside|set-cookie/);
    expect(refusal.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(refusalOf(new errors.TokenMissingError(), typeOf, ['abcdefgh', 'abcdefgi']).body.requestId).toHaveLength(36);
  });
});

describe('the token of a request', () => {
  const requestOf = (...values: string[]): RequestFields => ({
    headers: values[0] === undefined ? {} : { authorization: values[0] },
    rawHeaders: ['Host', 'authorization', ...values.flatMap((value) => ['Authorization', value])],
  });
  const outcome = (read: () => string): string => {
    try {
      return read();
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it.each<[string, string[], string]>([
    ['none', [], 'token_missing'],
    ['an empty one', [''], 'token_missing'],
    ['another scheme', ['Basic YTpi'], 'token_missing'],
    ['a scheme that begins alike', ['Bearers a.b.c'], 'token_missing'],
    ['one', ['Bearer a.b.c'], 'a.b.c'],
    ['a scheme in small letters, and spaces', ['bearer   a.b.c'], 'a.b.c'],
    ['two in a field', ['Bearer a.b.c, Bearer d.e.f'], 'token_invalid'],
    ['two words', ['Bearer a.b.c d'], 'token_invalid'],
    ['a scheme alone', ['Bearer'], 'token_invalid'],
    ['no such characters', ['Bearer a"b'], 'token_invalid'],
    ['two fields', ['Bearer a.b.c', 'Bearer a.b.c'], 'token_invalid'],
    ['two fields, one of them empty', ['Bearer a.b.c', ''], 'token_invalid'],
    ['two fields of which Node hands on no token', ['Basic YTpi', 'Bearer a.b.c'], 'token_invalid'],
  ])('is read as Gatehouse reads it: %s', (_, values, expected) => {
    const request = requestOf(...values);
    const own = { headers: request.headers, raw: { rawHeaders: request.rawHeaders } as IncomingMessage };
    expect(outcome(() => bearerToken(request))).toBe(expected);
    expect(outcome(() => ownBearerToken(own as Parameters<typeof ownBearerToken>[0]))).toBe(expected);
  });
});
