import type { ClientContext } from '../shared/client-context.js';
import type { SessionId, UserId } from '../shared/ids.js';

/** What happens, named after the OWASP logging vocabulary where that has a name for it. */
export const AUDIT_EVENT_TYPES = [
  'authn_login_success',
  'authn_login_successafterfail',
  'authn_login_fail',
  'authn_login_lock',
  'authn_password_change',
  'authn_password_reset',
  'authn_mfa_required',
  'authn_mfa_enrolled',
  'authn_mfa_removed',
  'authn_recovery_codes_replaced',
  'authn_token_reuse',
  'authn_token_suspect_repeat',
  'authn_token_revoked',
  'authz_admin',
  'authz_change',
  'authz_fail',
  'session_resumed',
  'session_logout',
  'session_revoked',
  'sessions_revoked',
  'excess_sessions_exceeded',
  'excess_rate_limit_exceeded',
  'user_created',
  'users_imported',
  'user_updated',
  'user_disabled',
  'user_enabled',
  'user_deleted',
  'user_email_verified',
  'user_email_changed',
  'user_link_requested',
  'user_unlocked',
  'admin_recovered',
  'signing_key_changed',
  'service_client_created',
  'service_client_deleted',
  'audit_exported',
  'audit_pieces_removed',
  'audit_tail_missing',
] as const;

export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

export type AuditDetails = Readonly<Record<string, string | number | boolean | null>>;

/** Something that security wants to be known. Ids only: never an address of a person, a name, a token or a secret. */
export interface AuditEvent {
  readonly type: AuditEventType;
  readonly at: Date;
  /** Who did it, where it was not the user. */
  readonly actorId?: UserId | undefined;
  /** Whose account it is about. */
  readonly userId?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
  /** From where; nothing where the service did it by itself. */
  readonly client?: ClientContext | undefined;
  readonly outcome: 'success' | 'failure';
  /** How many times it happened: more than one only of refusals that came in a flood. */
  readonly count?: number;
  readonly details: AuditDetails;
}
