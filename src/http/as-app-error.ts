import { HttpException } from '@nestjs/common';

import { isDatabaseUnavailable } from '../database/database-unavailable.js';
import { AppError } from '../shared/app-error.js';
import type { ErrorCode } from '../shared/error-codes.js';
import {
  HeadersTooLargeError,
  InternalError,
  MalformedJsonError,
  MalformedRequestError,
  NotFoundError,
  PayloadTooLargeError,
  RequestTimeoutError,
  UnavailableError,
  UnsupportedMediaTypeError,
} from './http.errors.js';

/** An error of Nest's own that no guard or service of ours words. */
class FrameworkError extends AppError {
  constructor(
    readonly code: ErrorCode,
    detail: string,
    cause: unknown,
  ) {
    super(detail, { cause });
  }
}

type Make = (cause: unknown) => AppError;

const BY_FASTIFY_CODE: ReadonlyMap<unknown, Make> = new Map<string, Make>([
  ['FST_ERR_CTP_INVALID_JSON_BODY', () => new MalformedJsonError()],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', () => new MalformedJsonError()],
  ['FST_ERR_CTP_BODY_TOO_LARGE', () => new PayloadTooLargeError()],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', () => new UnsupportedMediaTypeError()],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', () => new MalformedRequestError('The body is not as long as announced.')],
  ['FST_ERR_ROUTE_MISSING_CONTENT_TYPE', () => new UnsupportedMediaTypeError()],
  ['FST_ERR_BAD_URL', () => new MalformedRequestError('The request target is not a valid URL.')],
  // Nothing that exists has a name that long.
  ['FST_ERR_MAX_PARAM_LENGTH', () => new NotFoundError()],
  ['FST_ERR_NOT_FOUND', () => new NotFoundError()],
]);

const BY_STATUS: ReadonlyMap<number, Make> = new Map<number, Make>([
  [401, (cause) => new FrameworkError('token_invalid', 'The request is not authenticated.', cause)],
  [403, (cause) => new FrameworkError('forbidden', 'The request is not allowed.', cause)],
  [404, () => new NotFoundError()],
  [405, () => new NotFoundError()],
  [408, () => new RequestTimeoutError()],
  [413, () => new PayloadTooLargeError()],
  [414, () => new NotFoundError()],
  [415, () => new UnsupportedMediaTypeError()],
  [429, (cause) => new FrameworkError('rate_limited', 'Too many requests.', cause)],
  [431, () => new HeadersTooLargeError()],
  [503, (cause) => new UnavailableError(cause)],
]);

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

function byStatus(status: number, error: unknown): AppError {
  const make = BY_STATUS.get(status);
  if (make) return make(error);
  return status >= 400 && status < 500 ? new MalformedRequestError(undefined, error) : new InternalError(error);
}

/** Names what was thrown, whoever threw it: our own errors, Nest's, Fastify's, the database's, or anything at all. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const nested = error instanceof HttpException ? error.cause : undefined;
  if (nested instanceof AppError) return nested;
  const make = BY_FASTIFY_CODE.get(member(error, 'code')) ?? BY_FASTIFY_CODE.get(member(nested, 'code'));
  if (make) return make(error);
  if (error instanceof HttpException) return byStatus(error.getStatus(), error);
  if (error instanceof URIError) return new MalformedRequestError('The request target is not a valid URL.');
  // Fastify marks an error of the request's own stream so; its code may be one that the database has too.
  const status = member(error, 'statusCode');
  if (typeof status === 'number') return byStatus(status, error);
  return isDatabaseUnavailable(error) ? new UnavailableError(error) : new InternalError(error);
}
