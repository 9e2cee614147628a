import { SetMetadata } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { ErrorCode } from '../shared/error-codes.js';
import { LINE, REQUEST_ID, URL_TEXT } from '../shared/json-formats.js';
import { PROBLEM_STATUSES } from './problem-statuses.js';

export const PROBLEM_JSON = 'application/problem+json';

const ERROR_CODES = Object.keys(PROBLEM_STATUSES);

export class FieldErrorResponse {
  /** Path of the refused field. */
  @ApiProperty({ ...LINE, maxLength: 128, example: 'email' })
  field!: string;

  @ApiProperty({ ...LINE, maxLength: 512, example: 'must be an e-mail address' })
  message!: string;
}

/** Problem details (RFC 9457). */
export class ProblemResponse {
  /** Where the error is explained. */
  @ApiProperty({ ...URL_TEXT, example: 'https://auth.example.com/docs/errors#not_found' })
  type!: string;

  /** The same for every occurrence of the code. */
  @ApiProperty({ ...LINE, maxLength: 128, example: PROBLEM_STATUSES.not_found.title })
  title!: string;

  @ApiProperty({ type: 'integer', format: 'int32', minimum: 400, maximum: 599, example: 404 })
  status!: number;

  /** What happened, for a person: it may change. */
  @ApiProperty({ ...LINE, maxLength: 1024, example: 'There is nothing at this address.' })
  detail!: string;

  /** What happened, for a program: one of a closed list. */
  @ApiProperty({ enum: ERROR_CODES, example: 'not_found' })
  code!: string;

  /** The id of this request, as in `X-Request-Id` and in the log. */
  @ApiProperty(REQUEST_ID)
  requestId!: string;
}

const PROBLEMS = 'problems of a route';

/**
 * Documents the errors of a route's own, on its class or method; both count. What its guards, its body and the server itself
 * refuse is known from those.
 */
export const ApiProblems = Object.assign((...codes: readonly ErrorCode[]) => SetMetadata(PROBLEMS, codes), {
  KEY: PROBLEMS,
});
