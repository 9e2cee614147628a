import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import type { ErrorCode } from '../shared/error-codes.js';
import { PROBLEM_STATUSES } from './problem-statuses.js';

class FieldErrorResponse {
  /**
   * Path of the refused field.
   * @example "email"
   */
  field!: string;

  /** @example "must be an e-mail address" */
  message!: string;
}

/** Problem details (RFC 9457). */
export class ProblemResponse {
  /**
   * Where the error is explained.
   * @example "https://auth.example.com/docs/errors#validation_failed"
   */
  type!: string;

  /** @example "Validation failed" */
  title!: string;

  /** @example 400 */
  status!: number;

  /** What happened, for a person. */
  detail!: string;

  /**
   * What happened, for a program: one of a closed list.
   * @example "validation_failed"
   */
  code!: string;

  /** The id of this request, as in `X-Request-Id` and in the log. */
  requestId!: string;

  /** Only with `validation_failed`: every field that was refused. */
  errors?: FieldErrorResponse[];
}

/** What any route behind `ThrottlerGuard` and `JwtAuthGuard` may answer with. */
export const BEARER_PROBLEMS = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_stale',
  'token_revoked',
  'rate_limited',
  'revocation_unknown',
  'unavailable',
] as const satisfies readonly ErrorCode[];

/** What any route behind `RolesGuard` may answer with besides. */
export const ADMIN_PROBLEMS = [
  ...BEARER_PROBLEMS,
  'reauth_required',
  'forbidden',
  'mfa_enrolment_required',
] as const satisfies readonly ErrorCode[];

/** Documents the errors that a route may answer with, grouped by status. Once a class or method: a second use replaces the first. */
export function ApiProblems(...codes: readonly ErrorCode[]): ClassDecorator & MethodDecorator {
  const statuses = [...new Set(codes.map((code) => PROBLEM_STATUSES[code].status))].sort((a, b) => a - b);
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: codes
          .filter((code) => PROBLEM_STATUSES[code].status === status)
          .map((code) => `\`${code}\``)
          .join(', '),
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemResponse) } } },
      }),
    ),
  );
}
