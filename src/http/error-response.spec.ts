import { AppError } from '../shared/app-error.js';
import type { AppErrorOptions } from '../shared/app-error.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { errorResponse } from './error-response.js';
import { PROBLEM_STATUSES } from './problem-statuses.js';

class AnyError extends AppError {
  constructor(
    readonly code: ErrorCode,
    options: AppErrorOptions = {},
    detail = 'Why.',
  ) {
    super(detail, options);
  }
}

const context = { publicUrl: 'https://auth.example.com', requestId: 'request-1', path: '/api/x' };
const challengeOf = (error: AppError): string | undefined => errorResponse(error, context).headers['www-authenticate'];

describe('the answer to an error', () => {
  it('has a status and a title of its own for every code', () => {
    const titles = Object.values(PROBLEM_STATUSES).map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('is a problem document with the errors of its fields', () => {
    const { status, headers, body } = errorResponse(
      new AnyError('validation_failed', { fields: [{ field: 'a.b', message: 'm' }] }),
      context,
    );
    expect(status).toBe(400);
    expect(headers).toEqual({ 'content-type': 'application/problem+json; charset=utf-8' });
    expect(JSON.parse(body)).toEqual({
      type: 'https://auth.example.com/docs/errors#validation_failed',
      title: 'Validation failed',
      status: 400,
      detail: 'Why.',
      code: 'validation_failed',
      requestId: 'request-1',
      errors: [{ field: 'a.b', message: 'm' }],
    });
  });

  it('challenges without an error where no token was sent', () => {
    expect(challengeOf(new AnyError('token_missing'))).toBe('Bearer realm="gatehouse"');
  });

  it.each(['token_invalid', 'token_expired', 'token_stale', 'token_revoked'] as const)(
    'challenges %s as invalid_token',
    (code) => {
      expect(challengeOf(new AnyError(code))).toBe(
        'Bearer realm="gatehouse", error="invalid_token", error_description="Why."',
      );
    },
  );

  it('challenges forbidden as insufficient_scope', () => {
    expect(challengeOf(new AnyError('forbidden'))).toContain('error="insufficient_scope"');
  });

  it('challenges reauth_required with the age that a sign-in may have', () => {
    const challenge = challengeOf(new AnyError('reauth_required', { maxAuthAgeSeconds: 43_200 }));
    expect(challenge).toContain('error="insufficient_user_authentication"');
    expect(challenge).toMatch(/, max_age=43200$/);
  });

  it('challenges nothing else but a 401', () => {
    expect(challengeOf(new AnyError('mfa_enrolment_required'))).toBeUndefined();
    expect(challengeOf(new AnyError('revocation_unknown'))).toBeUndefined();
    expect(challengeOf(new AnyError('invalid_credentials'))).toBe('Bearer realm="gatehouse"');
  });

  it('describes in a challenge only with what a quoted string may hold', () => {
    expect(challengeOf(new AnyError('forbidden', {}, 'a"b\\c\r\nd é'))).toContain('error_description="abcd "');
  });

  it('is RFC 6749’s under /oauth, with a challenge for client credentials', () => {
    const { headers, body } = errorResponse(new AnyError('token_missing'), { ...context, path: '/oauth/introspect' });
    expect(JSON.parse(body)).toEqual({ error: 'invalid_client', error_description: 'Why.' });
    expect(headers['www-authenticate']).toBe('Basic realm="gatehouse", charset="UTF-8"');
    expect(errorResponse(new AnyError('not_found'), { ...context, path: '/oauthx' }).headers['content-type']).toContain(
      'problem',
    );
  });

  it('never asks to retry at once', () => {
    expect(errorResponse(new AnyError('rate_limited', { retryAfterSeconds: 0 }), context).headers['retry-after']).toBe(
      '1',
    );
  });
});
