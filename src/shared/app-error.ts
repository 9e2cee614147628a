import type { ErrorCode } from './error-codes.js';

/** One refused field of a request: its path (`a.b`) and what it must be. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface AppErrorOptions {
  /** Seconds after which the same request may succeed; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Sent as the problem document's `errors`. */
  readonly fields?: readonly FieldError[];
  /** Further members of the problem document, in camelCase. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** `max_age` of a step-up challenge in seconds (RFC 9470 §3). */
  readonly maxAuthAgeSeconds?: number;
  /** The reason for the log alone; never sent. */
  readonly cause?: unknown;
}

/**
 * An outcome that a caller is told of. `detail` is public: it names no secret, no account and no internals;
 * what the log should know goes into `cause`.
 */
export abstract class AppError extends Error {
  abstract readonly code: ErrorCode;
  readonly options: AppErrorOptions;

  constructor(
    readonly detail: string,
    options: AppErrorOptions = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.options = options;
  }
}
