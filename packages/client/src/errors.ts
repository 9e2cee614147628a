import type { ErrorCode } from './error-codes.js';
import type { components } from './openapi.js';

type Schemas = components['schemas'];

/** A problem document (RFC 9457), with the members that some codes have besides. */
export type Problem = Schemas['ProblemResponse'] &
  Partial<
    Schemas['ValidationMembers'] &
      Schemas['PasswordWeakMembers'] &
      Schemas['MfaRequiredMembers'] &
      Schemas['CountMismatchMembers']
  >;

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** What came of a call, as far as anything did. */
interface Outcome {
  readonly response?: Response;
  readonly problem?: Partial<Problem>;
  readonly cause?: unknown;
}

/** A call that did not succeed. Decide by `code`; `message` is for a person and may change. */
export class GatehouseError extends Error {
  override readonly name = 'GatehouseError';
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  /** How long to wait before the same call may succeed. */
  readonly retryAfterSeconds: number | undefined;
  /** What the service's log has this request under. */
  readonly requestId: string | undefined;
  /** The whole answer, where it was a problem document. */
  readonly problem: Partial<Problem>;
  /** Of `validation_failed`: what is wrong with each field. */
  readonly errors: readonly FieldError[];

  constructor(
    readonly code: ErrorCode,
    message: string,
    { response, problem = {}, cause }: Outcome = {},
  ) {
    super(message, { cause });
    this.status = response?.status ?? 0;
    this.retryAfterSeconds = response && retryAfterSeconds(response);
    this.requestId = problem.requestId;
    this.problem = problem;
    this.errors = problem.errors ?? [];
  }
}

/** @param body what the answer said: an object where it was JSON */
export function errorOf(response: Response, body: unknown): GatehouseError {
  const problem = Object(body) as Partial<Problem>;
  const { code = 'unexpected_answer', detail = code } = problem;
  return new GatehouseError(code, detail, { response, problem });
}

/** Nobody answered, or the answer broke off: whether the service has acted is unknown. */
export const asGatehouseError = (error: unknown): GatehouseError =>
  error instanceof GatehouseError ? error : new GatehouseError('unreachable', 'No answer.', { cause: error });

/** In seconds (RFC 9110 §10.2.3): neither Gatehouse nor the proxies in front of it send dates. */
export function retryAfterSeconds({ headers }: Response): number | undefined {
  const seconds = parseInt(headers.get('retry-after') ?? '');
  return seconds >= 0 ? seconds : undefined;
}

/** What `client.api` resolves to. */
interface ApiResult<Data> {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * The data of an answer of `client.api`: `const me = await unwrap(client.api.GET('/api/me'))`.
 * @throws GatehouseError for any answer but a success
 */
export async function unwrap<Data>(
  call: ApiResult<Data> | Promise<ApiResult<Data>>,
): Promise<Exclude<Data, undefined>> {
  const { data, error, response } = await call;
  if (!response.ok) throw errorOf(response, error);
  return data as Exclude<Data, undefined>;
}
