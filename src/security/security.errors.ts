import { AppError } from '../shared/app-error.js';

export class TokenMissingError extends AppError {
  readonly code = 'token_missing';
  constructor() {
    super('The request has no access token.');
  }
}

/** Whatever is wrong with a token that its owner cannot mend; the reason is for the log alone. */
export class TokenInvalidError extends AppError {
  readonly code = 'token_invalid';
  constructor(cause?: unknown) {
    super('The access token is not valid.', { cause });
  }
}

export class TokenExpiredError extends AppError {
  readonly code = 'token_expired';
  constructor() {
    super('The access token has expired. Refresh and repeat once.');
  }
}

export class TokenStaleError extends AppError {
  readonly code = 'token_stale';
  constructor() {
    super('The rights or the key behind the access token have changed. Refresh and repeat once.');
  }
}

export class TokenRevokedError extends AppError {
  readonly code = 'token_revoked';
  constructor() {
    super('The session of the access token has ended. Sign in again.');
  }
}

export class ForbiddenError extends AppError {
  readonly code = 'forbidden';
  constructor() {
    super('The access token does not carry the right that this takes.');
  }
}

/** RFC 9470 §3: the same user, signed in more recently, may go on. */
export class ReauthRequiredError extends AppError {
  readonly code = 'reauth_required';
  constructor(maxAuthAgeSeconds: number) {
    super('This takes a more recent sign-in. Sign in again.', { maxAuthAgeSeconds });
  }
}

export class MfaEnrolmentRequiredError extends AppError {
  readonly code = 'mfa_enrolment_required';
  constructor() {
    super('This takes a sign-in with a second factor. Enrol one, then sign in with it.');
  }
}

/** The same for an unknown client, a wrong secret and none at all (RFC 6749 §5.2). */
export class InvalidClientError extends AppError {
  readonly code = 'invalid_client';
  constructor() {
    super('This takes the credentials of a service client, by HTTP Basic.');
  }
}

export class RateLimitedError extends AppError {
  readonly code = 'rate_limited';
  constructor(retryAfterSeconds: number) {
    super('Too many requests. Wait as long as Retry-After says.', { retryAfterSeconds });
  }
}
