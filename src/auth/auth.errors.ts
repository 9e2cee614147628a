import { AppError } from '../shared/app-error.js';

/** The same answer whichever of the two was wrong, and whether or not there is such an account. */
export class InvalidCredentialsError extends AppError {
  readonly code = 'invalid_credentials';
  constructor() {
    super('The e-mail address or the password is wrong.');
  }
}

/** Told only after the right password. */
export class AccountDisabledError extends AppError {
  readonly code = 'account_disabled';
  constructor() {
    super('This account has been disabled.');
  }
}

/** Told only after the right password. */
export class EmailUnverifiedError extends AppError {
  readonly code = 'email_unverified';
  constructor() {
    super('The e-mail address of this account has not been verified yet.');
  }
}

export class RegistrationClosedError extends AppError {
  readonly code = 'registration_closed';
  constructor() {
    super('This service does not accept registrations.');
  }
}
