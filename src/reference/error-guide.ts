import { PROBLEM_STATUSES } from '../http/problem-statuses.js';
import { PROBLEM_TEXTS } from '../http/problem-texts.js';
import type { ErrorCode } from '../shared/error-codes.js';
import { REQUEST_ID } from '../shared/json-formats.js';

/** An error as `docs/errors.md` and `/docs/errors` explain it. */
export interface ExplainedError {
  readonly code: ErrorCode;
  /** `401 Access token expired.` */
  readonly heading: string;
  readonly meaning: string;
}

export interface GuideSection {
  readonly heading: string;
  readonly errors: readonly ExplainedError[];
}

/** Before the sections; Markdown with `code` alone. */
export const INTRODUCTION =
  "Every error is `application/problem+json` (RFC 9457). `code` is one of the list below and is what a program decides by; `detail` is for a person and may change. `requestId` is also in the `X-Request-Id` header and in the service's log.";
export const ADVICE =
  'Treat a code that you do not know by its status. `Retry-After` is in seconds: wait that long before you repeat.';

const codes = Object.keys(PROBLEM_TEXTS) as ErrorCode[];

/** What is shown between the two. */
export function sampleProblem(): string {
  const code = 'token_expired';
  const { status, title } = PROBLEM_STATUSES[code];
  const { detail } = PROBLEM_TEXTS[code];
  const type = `https://auth.example.com/docs/errors#${code}`;
  return JSON.stringify({ type, title, status, detail, code, requestId: REQUEST_ID.example }, null, 2);
}

export const guideSections = (): GuideSection[] =>
  [...new Set(codes.map((code) => PROBLEM_TEXTS[code].section))].map((heading) => ({
    heading,
    errors: codes.filter((code) => PROBLEM_TEXTS[code].section === heading).map(explained),
  }));

function explained(code: ErrorCode): ExplainedError {
  const { status, title } = PROBLEM_STATUSES[code];
  return { code, heading: `${status} ${title}.`, meaning: PROBLEM_TEXTS[code].meaning };
}
