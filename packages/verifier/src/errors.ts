/** Those of Gatehouse's error codes that a service behind it answers with: see its docs/errors.md. */
export type VerifierErrorCode =
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'token_stale'
  | 'token_revoked'
  | 'forbidden'
  | 'revocation_unknown'
  | 'unavailable';

/**
 * Why a request is refused. `message` is public and says what the service itself would; the exact reason is in `cause`, for
 * the log alone.
 */
export abstract class VerifierError extends Error {
  abstract readonly code: VerifierErrorCode;
  /** Seconds after which the same request may succeed. */
  readonly retryAfterSeconds?: number;

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
  }
}

export class TokenMissingError extends VerifierError {
  readonly code = 'token_missing';
  constructor() {
    super('The request has no access token.');
  }
}

/** Whatever is wrong with a token that its owner cannot mend. */
export class TokenInvalidError extends VerifierError {
  readonly code = 'token_invalid';
  constructor(cause?: unknown) {
    super('The access token is not valid.', cause);
  }
}

export class TokenExpiredError extends VerifierError {
  readonly code = 'token_expired';
  constructor() {
    super('The access token has expired. Refresh and repeat once.');
  }
}

export class TokenStaleError extends VerifierError {
  readonly code = 'token_stale';
  constructor() {
    super('The rights or the key behind the access token have changed. Refresh and repeat once.');
  }
}

export class TokenRevokedError extends VerifierError {
  readonly code = 'token_revoked';
  constructor() {
    super('The session of the access token has ended. Sign in again.');
  }
}

export class ForbiddenError extends VerifierError {
  readonly code = 'forbidden';
  constructor() {
    super('The access token does not carry the right that this takes.');
  }
}

/** The feed was not heard for longer than `maxStalenessSeconds`, or has not been read yet. */
export class RevocationUnknownError extends VerifierError {
  readonly code = 'revocation_unknown';
  override readonly retryAfterSeconds = 1;
  constructor(cause?: unknown) {
    super('It cannot be told right now whether the token has been revoked.', cause);
  }
}

/** A token names a key that is not known, and the key set cannot be asked for it. */
export class KeysUnavailableError extends VerifierError {
  readonly code = 'unavailable';
  override readonly retryAfterSeconds = 1;
  constructor(cause?: unknown) {
    super('The key of the access token cannot be looked up right now.', cause);
  }
}

/** What was configured cannot work, whatever one waits for: `ready()` rejects with it. Not an answer to a request. */
export class VerifierSetupError extends Error {
  override readonly name = 'VerifierSetupError';
}
