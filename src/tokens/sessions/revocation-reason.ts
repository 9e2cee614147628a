/** Why a session ended; a short word for the session's own record and for events. */
export type RevocationReason =
  | 'logout'
  | 'logout_all'
  | 'ended_by_user'
  | 'session_limit'
  | 'registration_replaced'
  | 'refresh_reuse'
  | 'password_changed'
  | 'password_reset'
  | 'mfa_enrolled'
  | 'mfa_reset'
  | 'account_disabled'
  | 'account_deleted'
  | AdminReason;

/** `admin`, or `admin: ` and what the admin gave as the reason. */
export type AdminReason = `admin${string}`;

export const adminReason = (given: string | undefined): AdminReason =>
  given === undefined ? 'admin' : `admin: ${given}`;
