import { randomUUID } from 'node:crypto';
import type { VerifierError, VerifierErrorCode } from '../errors.js';

/** An answer that refuses: headers and a problem document (RFC 9457), as Gatehouse itself gives it. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemDocument;
}

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: VerifierErrorCode;
  readonly requestId: string;
}

interface Kind {
  readonly status: number;
  readonly title: string;
  /** The error of RFC 6750 §3.1 to challenge with. */
  readonly challenge?: 'invalid_token' | 'insufficient_scope';
}

const KINDS: Readonly<Record<VerifierErrorCode, Kind>> = {
  token_missing: { status: 401, title: 'Access token missing' },
  token_invalid: { status: 401, title: 'Access token invalid', challenge: 'invalid_token' },
  token_expired: { status: 401, title: 'Access token expired', challenge: 'invalid_token' },
  token_stale: { status: 401, title: 'Access token out of date', challenge: 'invalid_token' },
  token_revoked: { status: 401, title: 'Access token revoked', challenge: 'invalid_token' },
  forbidden: { status: 403, title: 'Forbidden', challenge: 'insufficient_scope' },
  revocation_unknown: { status: 503, title: 'Revocations unknown' },
  unavailable: { status: 503, title: 'Service unavailable' },
};

const REALM = 'Bearer realm="gatehouse"';
const KEPT_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** The `WWW-Authenticate` to refuse with: bare where no token was sent (RFC 6750 §3); undefined where a token does not help. */
export function challengeOf({ code, message }: VerifierError): string | undefined {
  const { status, challenge } = KINDS[code];
  if (challenge === undefined) return status === 401 ? REALM : undefined;
  return `${REALM}, error="${challenge}", error_description="${message}"`;
}

/**
 * How to answer a request that was refused.
 * @param typeOf the URL that explains a code
 * @param requestId the request's own `X-Request-Id`: kept where it is safe to send back
 */
export function refusalOf(
  error: VerifierError,
  typeOf: (code: VerifierErrorCode) => string,
  requestId?: string | string[],
): Refusal {
  const { code, message, retryAfterSeconds } = error;
  const { status, title } = KINDS[code];
  const id = typeof requestId === 'string' && KEPT_REQUEST_ID.test(requestId) ? requestId : randomUUID();
  const challenge = challengeOf(error);
  return {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': id,
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: { type: typeOf(code), title, status, detail: message, code, requestId: id },
  };
}
