import type { ErrorCode } from '../shared/error-codes.js';

export interface ProblemStatus {
  readonly status: number;
  /** The same for every occurrence of the code (RFC 9457 §3.1.4). */
  readonly title: string;
}

export const PROBLEM_STATUSES: Readonly<Record<ErrorCode, ProblemStatus>> = {
  malformed_request: { status: 400, title: 'Malformed request' },
  malformed_json: { status: 400, title: 'Malformed JSON' },
  validation_failed: { status: 400, title: 'Validation failed' },
  payload_too_large: { status: 413, title: 'Payload too large' },
  headers_too_large: { status: 431, title: 'Header fields too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  request_timeout: { status: 408, title: 'Request timeout' },
  https_required: { status: 403, title: 'HTTPS required' },
  not_found: { status: 404, title: 'Not found' },
  rate_limited: { status: 429, title: 'Too many requests' },
  token_missing: { status: 401, title: 'Access token missing' },
  token_invalid: { status: 401, title: 'Access token invalid' },
  token_expired: { status: 401, title: 'Access token expired' },
  token_stale: { status: 401, title: 'Access token out of date' },
  token_revoked: { status: 401, title: 'Access token revoked' },
  forbidden: { status: 403, title: 'Forbidden' },
  reauth_required: { status: 401, title: 'Recent sign-in required' },
  mfa_enrolment_required: { status: 403, title: 'Second factor required' },
  revocation_unknown: { status: 503, title: 'Revocations unknown' },
  invalid_credentials: { status: 401, title: 'Invalid credentials' },
  account_disabled: { status: 403, title: 'Account disabled' },
  email_unverified: { status: 403, title: 'E-mail address not verified' },
  password_weak: { status: 400, title: 'Password refused' },
  registration_closed: { status: 403, title: 'Registration closed' },
  link_invalid: { status: 400, title: 'Link invalid' },
  email_taken: { status: 409, title: 'E-mail address taken' },
  last_admin: { status: 409, title: 'Last admin' },
  mfa_required: { status: 401, title: 'Code required' },
  mfa_invalid: { status: 401, title: 'Code refused' },
  mfa_enrolled: { status: 409, title: 'Second factor enrolled already' },
  csrf_rejected: { status: 403, title: 'Cross-site request refused' },
  refresh_invalid: { status: 401, title: 'Refresh token invalid' },
  refresh_expired: { status: 401, title: 'Session expired' },
  refresh_reused: { status: 401, title: 'Refresh token reused' },
  refresh_superseded: { status: 409, title: 'Refresh token superseded' },
  invalid_client: { status: 401, title: 'Client authentication failed' },
  keys_in_config: { status: 409, title: 'Keys are in the configuration' },
  count_mismatch: { status: 409, title: 'Count differs' },
  too_many: { status: 422, title: 'Too many sessions' },
  session_revoked: { status: 401, title: 'Session revoked' },
  overloaded: { status: 503, title: 'Overloaded' },
  unavailable: { status: 503, title: 'Service unavailable' },
  internal_error: { status: 500, title: 'Internal error' },
};
