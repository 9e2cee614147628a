/** What Gatehouse answers with, as the `code` of a problem document: each is explained in `docs/errors.md`. */
export type ServiceErrorCode =
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
  | 'token_missing'
  | 'token_invalid'
  | 'token_expired'
  | 'token_stale'
  | 'token_revoked'
  | 'forbidden'
  | 'reauth_required'
  | 'mfa_enrolment_required'
  | 'revocation_unknown'
  | 'invalid_credentials'
  | 'account_disabled'
  | 'email_unverified'
  | 'password_weak'
  | 'registration_closed'
  | 'link_invalid'
  | 'email_taken'
  | 'last_admin'
  | 'mfa_required'
  | 'mfa_invalid'
  | 'mfa_enrolled'
  | 'refresh_invalid'
  | 'refresh_expired'
  | 'refresh_reused'
  | 'refresh_superseded'
  | 'session_revoked'
  | 'csrf_rejected'
  | 'count_mismatch'
  | 'too_many'
  | 'invalid_client'
  | 'keys_in_config'
  | 'overloaded'
  | 'unavailable'
  | 'internal_error';

/**
 * What this client says itself: the service did not answer, something else answered in its place, there is no session to
 * refresh, or the access token was to go where it must not.
 */
export type ClientErrorCode = 'unreachable' | 'unexpected_answer' | 'signed_out' | 'origin_refused';

/** Codes of later versions come through as they are: treat one that you do not know by its `status`. */
export type ErrorCode = ServiceErrorCode | ClientErrorCode;
