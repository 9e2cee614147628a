import { AppError } from '../shared/app-error.js';

export class RefreshInvalidError extends AppError {
  readonly code = 'refresh_invalid';
  constructor(cause?: string) {
    super('The refresh token is not one of ours.', { cause });
  }
}

export class RefreshExpiredError extends AppError {
  readonly code = 'refresh_expired';
  constructor() {
    super('The session has expired. Sign in again.');
  }
}

export class RefreshReusedError extends AppError {
  readonly code = 'refresh_reused';
  constructor() {
    super('The refresh token was spent before. Its session has been revoked. Sign in again.');
  }
}

export class RefreshSupersededError extends AppError {
  readonly code = 'refresh_superseded';
  constructor() {
    super('A newer refresh token of this session is already in use. Use that one.');
  }
}

export class SessionRevokedError extends AppError {
  readonly code = 'session_revoked';
  constructor() {
    super('The session has been revoked. Sign in again.');
  }
}

export class SessionNotFoundError extends AppError {
  readonly code = 'not_found';
  constructor() {
    super('There is no such session.');
  }
}

export class CountMismatchError extends AppError {
  readonly code = 'count_mismatch';
  /** @param matched how many there are, sent as a member of its own */
  constructor(matched: number) {
    super('The number of sessions that match has changed. Nothing was revoked: look again.', { members: { matched } });
  }
}

export class TooManyError extends AppError {
  readonly code = 'too_many';
  constructor(atMost: number) {
    super(`More than ${atMost} sessions match. Nothing was revoked: narrow the filter, or revoke all.`);
  }
}

export class RevocationUnknownError extends AppError {
  readonly code = 'revocation_unknown';
  constructor(cause?: unknown) {
    super('It cannot be told right now whether the token has been revoked.', { retryAfterSeconds: 1, cause });
  }
}

/** A commit whose outcome is not known: what it would have revoked is refused here all the same. */
export class CommitUnknownError extends AppError {
  readonly code = 'unavailable';
  constructor(cause: unknown) {
    super('The change may or may not have been made. Repeat the request.', { retryAfterSeconds: 1, cause });
  }
}

export class KeysInConfigError extends AppError {
  readonly code = 'keys_in_config';
  constructor() {
    super('The signing keys are the configured secrets: change JWT_SECRET instead.');
  }
}
