import { AppError } from '../shared/app-error.js';
import type { FieldError } from '../shared/app-error.js';

/** Bytes of a request body that are read at most. */
export const BODY_LIMIT_BYTES = 16 * 1024;
const RETRY_AFTER_SECONDS = 5;

export class MalformedRequestError extends AppError {
  readonly code = 'malformed_request';
  constructor(detail = 'The request is not well-formed HTTP.', cause?: unknown) {
    super(detail, { cause });
  }
}

export class MalformedJsonError extends AppError {
  readonly code = 'malformed_json';
  constructor() {
    super('The body is not a JSON text in UTF-8, is nested too deeply, or has a member that is not allowed.');
  }
}

export class ValidationFailedError extends AppError {
  readonly code = 'validation_failed';
  constructor(fields: readonly FieldError[]) {
    super('The request has fields that are missing, unknown or not as they must be; `errors` lists them.', { fields });
  }
}

export class PayloadTooLargeError extends AppError {
  readonly code = 'payload_too_large';
  constructor() {
    super(`The body is larger than ${BODY_LIMIT_BYTES} bytes.`);
  }
}

export class HeadersTooLargeError extends AppError {
  readonly code = 'headers_too_large';
  constructor() {
    super('The request line and header fields are too large.');
  }
}

export class UnsupportedMediaTypeError extends AppError {
  readonly code = 'unsupported_media_type';
  constructor(detail = 'The body must be application/json in UTF-8, without a content coding.') {
    super(detail);
  }
}

export class RequestTimeoutError extends AppError {
  readonly code = 'request_timeout';
  constructor() {
    super('The request did not arrive in time.');
  }
}

/** A trusted proxy says that the client came without TLS. */
export class HttpsRequiredError extends AppError {
  readonly code = 'https_required';
  constructor() {
    super('This service is reached over https alone, and the proxy in front of it says that this request was not.');
  }
}

export class NotFoundError extends AppError {
  readonly code = 'not_found';
  constructor() {
    super('There is nothing at this address.');
  }
}

/** What the service needs cannot be reached right now. */
export class UnavailableError extends AppError {
  readonly code = 'unavailable';
  constructor(cause?: unknown) {
    super('The service cannot answer right now. Try again shortly.', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause });
  }
}

export class InternalError extends AppError {
  readonly code = 'internal_error';
  constructor(cause: unknown) {
    super('Something went wrong. The request id finds the cause in the log.', { cause });
  }
}
