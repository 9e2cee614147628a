import type { AppError } from '../shared/app-error.js';
import type { ErrorCode } from '../shared/error-codes.js';

const REALM = 'Bearer realm="gatehouse"';
/** Service clients authenticate themselves by HTTP Basic (RFC 7617 §2). */
const BASIC_REALM = 'Basic realm="gatehouse", charset="UTF-8"';

/** The error code of RFC 6750 §3.1 or RFC 9470 §3 that an answer challenges with. */
const CHALLENGES: Partial<Record<ErrorCode, string>> = {
  token_invalid: 'invalid_token',
  token_expired: 'invalid_token',
  token_stale: 'invalid_token',
  token_revoked: 'invalid_token',
  forbidden: 'insufficient_scope',
  reauth_required: 'insufficient_user_authentication',
};

/** What a quoted `error_description` may hold (RFC 6750 §3). */
const describable = (text: string): string => text.replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, '');

/**
 * The `WWW-Authenticate` of an answer. A 401 has one always (RFC 9110 §15.5.2): bare where no token was sent
 * or none was at fault (RFC 6750 §3.1).
 */
export function bearerChallenge(error: AppError, status: number): string | undefined {
  if (error.code === 'invalid_client') return BASIC_REALM;
  const challenge = CHALLENGES[error.code];
  if (challenge === undefined) return status === 401 ? REALM : undefined;
  const { maxAuthAgeSeconds } = error.options;
  const maxAge = maxAuthAgeSeconds === undefined ? '' : `, max_age=${maxAuthAgeSeconds}`;
  return `${REALM}, error="${challenge}", error_description="${describable(error.detail)}"${maxAge}`;
}
