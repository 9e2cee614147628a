import { AppError } from '../shared/app-error.js';

export const PASSWORD_FAULTS = ['too_short', 'too_long', 'malformed', 'common', 'contextual'] as const;
export type PasswordFault = (typeof PASSWORD_FAULTS)[number];

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

/** Unknown, used, expired, ended by a newer one or by a change of the account: which is not told. */
export class LinkInvalidError extends AppError {
  readonly code = 'link_invalid';

  constructor() {
    super('The link is not valid any more. Ask for a new one.');
  }
}

/** For admins alone: everyone else is answered alike whether or not an address is taken. */
export class EmailTakenError extends AppError {
  readonly code = 'email_taken';

  constructor() {
    super('There is an account with this e-mail address already.');
  }
}

export class LastAdminError extends AppError {
  readonly code = 'last_admin';

  constructor() {
    super('This is the last admin who can sign in. Make another account an admin first.');
  }
}

export class MfaEnrolledError extends AppError {
  readonly code = 'mfa_enrolled';

  constructor() {
    super('The account has a second factor already. Remove it first.');
  }
}

export class MfaInvalidError extends AppError {
  readonly code = 'mfa_invalid';

  constructor() {
    super('The code is wrong or no longer valid.');
  }
}

/** What an owner must prove more for is not done to one's own account by the right of an admin. */
export class OwnAccountError extends AppError {
  readonly code = 'forbidden';

  constructor() {
    super('Nobody does this to their own account: it takes another admin.');
  }
}
