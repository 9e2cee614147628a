import type { UserId } from '../shared/ids.js';

/** What a mail is about; the only thing besides its id that a log line says of it. */
export const MAIL_PURPOSES = [
  // with a link
  'verify_email',
  'password_reset',
  'invitation',
  'email_change',
  // what happened, to whoever it happened to
  'registration_attempt',
  'email_claimed',
  'password_changed',
  'email_change_requested',
  'email_changed',
  'mfa_enabled',
  'mfa_disabled',
  'recovery_codes_replaced',
  'account_deleted',
  'account_unlocked',
  'new_sign_in',
  'sign_in_after_failures',
  'sign_in_blocked',
  'second_factor_failing',
  'refresh_reuse',
] as const;
export type MailPurpose = (typeof MAIL_PURPOSES)[number];

/** Something that somebody is to be told. Its text, and any link in it, is made when it is sent, so that none is stored. */
export interface MailJob {
  readonly purpose: MailPurpose;
  /** Whose matter it is; the mail goes to the address that the account has when it is sent, unless `to` names one. */
  readonly userId?: UserId | undefined;
  /** One normalised address. Without `userId` it is looked up whose it is, where that matters. */
  readonly to?: string | undefined;
  readonly details: MailDetails;
}

/** When and from where it happened. Strangers choose the rest of a request: none of it is told. */
export interface MailDetails {
  /** RFC 3339. */
  readonly at: string;
  /** The client's address. */
  readonly ip?: string | undefined;
  /** Of `sign_in_after_failures`: how many. */
  readonly failures?: number | undefined;
  /** Of `verify_email`: the address had registered before, and was never verified. */
  readonly again?: true | undefined;
  /** Who did it, where it was not the owner. */
  readonly by?: 'admin' | undefined;
  /** Of `email_change`: the credential that it was asked for with. Once the account has another, it is not sent any more. */
  readonly credentialVersion?: number | undefined;
}
