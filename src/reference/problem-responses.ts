import { oauthCode } from '../http/error-response.js';
import { PROBLEM_STATUSES } from '../http/problem-statuses.js';
import { PROBLEM_TEXTS } from '../http/problem-texts.js';
import { PROBLEM_JSON, ProblemResponse } from '../http/problem.dto.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { REQUEST_ID } from '../shared/json-formats.js';
import { OauthErrorResponse } from '../tokens/oauth/oauth.dto.js';
import type { Media, Response, Responses, SchemaOrReference } from './open-api.js';
import { reference } from './open-api.js';
import { PROBLEM_MEMBERS } from './problem-members.dto.js';
import { headersOf } from './response-headers.js';
import type { Samples } from './samples.js';

/** Refused before any route is known, so that they are problem documents under `/oauth` as well. */
const BEFORE_ROUTING: readonly ErrorCode[] = ['malformed_request', 'headers_too_large', 'request_timeout'];

const ERROR_CODES = Object.keys(PROBLEM_STATUSES) as ErrorCode[];
const statusOf = (code: ErrorCode): number => PROBLEM_STATUSES[code].status;

const list = (codes: readonly ErrorCode[]): string =>
  codes.map((code) => `\`${code}\`: ${PROBLEM_STATUSES[code].title}`).join('; ');

/** The document of one of these codes, which have the same members. */
function schemaOf(codes: readonly ErrorCode[], status: number): SchemaOrReference {
  const [first] = codes;
  const members = first && PROBLEM_MEMBERS[first];
  const own: SchemaOrReference = {
    type: 'object',
    properties: { status: { enum: [status] }, code: { type: 'string', enum: [...codes] } },
  };
  return {
    allOf: [reference('schemas', ProblemResponse.name), ...(members ? [reference('schemas', members.name)] : []), own],
  };
}

/** An alternative for each code that has members of its own, and one for all others. */
function problemMedia(codes: readonly ErrorCode[], status: number): Media {
  const withMembers = codes.filter((code) => PROBLEM_MEMBERS[code]);
  const plain = codes.filter((code) => !PROBLEM_MEMBERS[code]);
  const alternatives = [...withMembers.map((code) => [code]), ...(plain.length > 0 ? [plain] : [])];
  const schemas = alternatives.map((alternative) => schemaOf(alternative, status));
  const [only] = schemas;
  return {
    schema: schemas.length === 1 && only ? only : { oneOf: schemas },
    examples: Object.fromEntries(codes.map((code) => [code, reference('examples', code)])),
  };
}

function oauthMedia(codes: readonly ErrorCode[], status: number): Media {
  const error = oauthCode(status);
  const described = codes.map((code) => [
    code,
    { summary: PROBLEM_STATUSES[code].title, value: { error, error_description: PROBLEM_TEXTS[code].detail } },
  ]);
  const own: SchemaOrReference = { type: 'object', properties: { error: { type: 'string', enum: [error] } } };
  return {
    schema: { allOf: [reference('schemas', OauthErrorResponse.name), own] },
    examples: Object.fromEntries(described) as NonNullable<Media['examples']>,
  };
}

export interface ProblemContext {
  /** Whether requests are counted, so that answers tell what is left. */
  readonly isCounted: boolean;
  /** Whether errors are RFC 6749's. */
  readonly isOauth: boolean;
}

function responseOf(codes: readonly ErrorCode[], status: number, { isCounted, isOauth }: ProblemContext): Response {
  const early = codes.filter((code) => BEFORE_ROUTING.includes(code));
  const content = isOauth
    ? {
        'application/json': oauthMedia(codes, status),
        ...(early.length > 0 && { [PROBLEM_JSON]: problemMedia(early, status) }),
      }
    : { [PROBLEM_JSON]: problemMedia(codes, status) };
  const challenges = status === 401 || codes.includes('forbidden');
  return { description: list(codes), headers: headersOf(status, isCounted, challenges), content };
}

/** The responses of errors, by status. */
export function problemResponses(codes: Iterable<ErrorCode>, context: ProblemContext): Responses {
  const wanted = new Set(codes);
  const sorted = ERROR_CODES.filter((code) => wanted.has(code));
  const statuses = [...new Set(sorted.map(statusOf))];
  return Object.fromEntries(
    statuses.map((status) => {
      const group = sorted.filter((code) => statusOf(code) === status);
      return [status, responseOf(group, status, context)];
    }),
  );
}

/** An example of each code, for routes to refer to. */
export const problemExamples = (samples: Samples): Record<string, { summary: string; value: unknown }> =>
  Object.fromEntries(ERROR_CODES.map((code) => [code, exampleOf(code, samples)]));

function exampleOf(code: ErrorCode, samples: Samples): { summary: string; value: unknown } {
  const { status, title } = PROBLEM_STATUSES[code];
  const members = PROBLEM_MEMBERS[code];
  const value = {
    type: `https://auth.example.com/docs/errors#${code}`,
    title,
    status,
    detail: PROBLEM_TEXTS[code].detail,
    code,
    requestId: REQUEST_ID.example,
    ...(members && (samples.of(reference('schemas', members.name)) as object)),
  };
  return { summary: title, value };
}
