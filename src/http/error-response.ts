import type { AppError } from '../shared/app-error.js';
import { PROBLEM_STATUSES } from './problem-statuses.js';
import { bearerChallenge } from './www-authenticate.js';

export interface ErrorContext {
  readonly publicUrl: string;
  readonly requestId: string;
  /** The path of the route or, where none matched, of the request. */
  readonly path: string;
}

export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const OAUTH_PATH = /^\/oauth(?:[/?]|$)/;

/** A problem document (RFC 9457 §3); its own members win over `options.members`. */
function problemBody(error: AppError, status: number, title: string, context: ErrorContext): string {
  const { fields, members } = error.options;
  return JSON.stringify({
    ...members,
    type: `${context.publicUrl}/docs/errors#${error.code}`,
    title,
    status,
    detail: error.detail,
    code: error.code,
    requestId: context.requestId,
    ...(fields && { errors: fields }),
  });
}

/** The closed list of RFC 6749 §5.2, and §4.1.2.1's two codes for what is not the client's fault. */
export function oauthCode(status: number): string {
  if (status === 401) return 'invalid_client';
  if (status === 403) return 'unauthorized_client';
  if (status === 429 || status === 503) return 'temporarily_unavailable';
  return status >= 500 ? 'server_error' : 'invalid_request';
}

const oauthBody = (error: AppError, status: number): string =>
  JSON.stringify({ error: oauthCode(status), error_description: error.detail.replaceAll(/["\\`]/g, "'") });

/** What an error looks like on the wire: RFC 6749's JSON under `/oauth`, a problem document everywhere else. */
export function errorResponse(error: AppError, context: ErrorContext): ErrorResponse {
  const { status, title } = PROBLEM_STATUSES[error.code];
  const oauth = OAUTH_PATH.test(context.path);
  const body = oauth ? oauthBody(error, status) : problemBody(error, status, title, context);
  const headers: Record<string, string> = {
    'content-type': oauth ? 'application/json; charset=utf-8' : 'application/problem+json; charset=utf-8',
  };
  const { retryAfterSeconds } = error.options;
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retryAfterSeconds)));
  const bearer = bearerChallenge(error, status);
  // Clients of /oauth authenticate themselves by HTTP Basic (RFC 6749 §5.2).
  const challenge = oauth && status === 401 ? 'Basic realm="gatehouse", charset="UTF-8"' : bearer;
  if (challenge !== undefined) headers['www-authenticate'] = challenge;
  return { status, headers, body };
}
