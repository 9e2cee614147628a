import { AppError } from '../shared/app-error.js';

export type PasswordFault = 'too_short' | 'too_long' | 'malformed' | 'common' | 'contextual';

export class PasswordWeakError extends AppError {
  readonly code = 'password_weak';

  constructor(
    readonly reason: PasswordFault,
    detail: string,
  ) {
    super(detail, { members: { reason } });
  }
}

/** Refused before any work was done, so it may be repeated. */
export class OverloadedError extends AppError {
  readonly code = 'overloaded';

  constructor(retryAfterSeconds: number) {
    super('Too many sign-ins at once. Try again in a moment.', { retryAfterSeconds });
  }
}

/** The token is good, but its user has gone. */
export class AccountGoneError extends AppError {
  readonly code = 'token_revoked';

  constructor() {
    super('The account of this token no longer exists.');
  }
}

export class UserNotFoundError extends AppError {
  readonly code = 'not_found';

  constructor() {
    super('There is no such user.');
  }
}
