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

/** The password was right, and the account has a second factor. */
export class MfaRequiredError extends AppError {
  readonly code = 'mfa_required';
  /** @param challenge of a sign-in: what its second step is to be sent with */
  constructor(challenge?: { readonly mfaToken: string; readonly methods: readonly string[] }) {
    super('The account has a second factor: a code is needed, too.', challenge && { members: challenge });
  }
}

/** A call that only the cookie proves, and that another site's page could have made. */
export class CsrfRejectedError extends AppError {
  readonly code = 'csrf_rejected';
  constructor() {
    super('A call by cookie takes JSON, the header X-Gatehouse: 1 and an origin that is listed.');
  }
}
