/**
 * Every error code a client may meet, as it stands in the `code` member of a problem document (RFC 9457 §3.2).
 * A code added here does not compile until `http/problem-statuses.ts` gives it a status and a title.
 */
export type ErrorCode =
  // the request itself
  | 'malformed_request'
  | 'malformed_json'
  | 'validation_failed'
  | 'payload_too_large'
  | 'headers_too_large'
  | 'unsupported_media_type'
  | 'request_timeout'
  | 'https_required'
  | 'not_found'
  | 'rate_limited'
  // bearer tokens (RFC 6750 §3.1)
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'token_stale'
  | 'token_revoked'
  | 'forbidden'
  | 'reauth_required'
  | 'mfa_enrolment_required'
  | 'revocation_unknown'
  // accounts and sign-in
  | 'invalid_credentials'
  | 'account_disabled'
  | 'email_unverified'
  | 'password_weak'
  | 'registration_closed'
  | 'link_invalid'
  | 'email_taken'
  | 'last_admin'
  // second factors
  | 'mfa_required'
  | 'mfa_invalid'
  | 'mfa_enrolled'
  // refresh tokens and sessions
  | 'refresh_invalid'
  | 'refresh_expired'
  | 'refresh_reused'
  | 'refresh_superseded'
  | 'session_revoked'
  | 'csrf_rejected'
  | 'count_mismatch'
  | 'too_many'
  // service clients (RFC 6749 §5.2)
  | 'invalid_client'
  // signing keys
  | 'keys_in_config'
  // the service
  | 'overloaded'
  | 'unavailable'
  | 'internal_error';
