import {
  BadRequestException,
  HttpException,
  ImATeapotException,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';

import { asAppError } from './as-app-error.js';
import { MalformedJsonError } from './http.errors.js';

const coded = (code: string, more: object = {}): Error => Object.assign(new Error('x'), { code }, more);

describe('an error of somebody else', () => {
  it.each([
    ['a bad URL', coded('FST_ERR_BAD_URL'), 'malformed_request'],
    ['a long parameter', coded('FST_ERR_MAX_PARAM_LENGTH'), 'not_found'],
    [
      'a large body, wrapped by Nest',
      new HttpException('x', 413, { cause: coded('FST_ERR_CTP_BODY_TOO_LARGE') }),
      'payload_too_large',
    ],
    [
      'malformed JSON, wrapped by Nest',
      new HttpException('x', 400, { cause: coded('FST_ERR_CTP_INVALID_JSON_BODY') }),
      'malformed_json',
    ],
    [
      'an error of ours, wrapped by Nest',
      new HttpException('x', 400, { cause: new MalformedJsonError() }),
      'malformed_json',
    ],
    ['a bad request', new BadRequestException('x'), 'malformed_request'],
    ['a teapot', new ImATeapotException(), 'malformed_request'],
    ['not found', new NotFoundException(), 'not_found'],
    ['unauthorised', new UnauthorizedException(), 'token_invalid'],
    ['too many', new HttpException('x', 429), 'rate_limited'],
    ['unavailable', new HttpException('x', 503), 'unavailable'],
    ['a gateway', new HttpException('x', 502), 'internal_error'],
    ['a URIError', new URIError('x'), 'malformed_request'],
    ['a client that hung up', coded('ECONNRESET', { statusCode: 400 }), 'malformed_request'],
    ['a database that hung up', coded('ECONNRESET'), 'unavailable'],
    ['a constraint', coded('23505'), 'internal_error'],
    ['anything', new TypeError('x'), 'internal_error'],
    ['nothing', undefined, 'internal_error'],
    ['null', null, 'internal_error'],
  ])('such as %s is %s', (_what, error, code) => {
    expect(asAppError(error).code).toBe(code);
  });
});
