/** Values of one span: names, numbers and ids, never what a client sent or a row holds. */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

/** One span from its beginning to its end. */
export interface OpenSpan {
  readonly traceId: string;
  /** Runs work whose own spans are children of this one, however late they begin. */
  run<Result>(work: () => Result): Result;
  /** @param failure what kind of failure it was, where it was one: a closed word or a code, never a message */
  end(outcome?: {
    readonly name?: string;
    readonly attributes?: SpanAttributes;
    readonly failure?: string | undefined;
  }): void;
}

/** What makes spans of an instance's work and sends them away. */
export interface SpanRecorder {
  /** A request, as a part of the trace that its `traceparent` (W3C Trace Context) names, where it has one. */
  request(traceparent: string | undefined): OpenSpan;
  /** A part of what is under way; undefined where that is not traced. */
  part(name: string, kind: 'internal' | 'client', attributes?: SpanAttributes): OpenSpan | undefined;
  /** Work that nobody waits for: a trace of its own. */
  job(name: string): OpenSpan;
  /** Sends what is left, in bounded time. Never fails. */
  stop(): Promise<void>;
}

/** The process's: the driver of Postgres, which is wrapped for it, is the process's too. */
let recorder: SpanRecorder | undefined;

export function recordWith(next: SpanRecorder | undefined): void {
  recorder = next;
}

/** Makes a span of work that is a part of a traced request; costs nothing where nothing is traced. */
export function inSpan<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return spanning(recorder?.part(name, 'internal'), work);
}

/** The same of work that nobody waits for. */
export function inJob<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return spanning(recorder?.job(name), work);
}

async function spanning<Result>(span: OpenSpan | undefined, work: () => Promise<Result>): Promise<Result> {
  if (!span) return work();
  let failure: string | undefined = 'error';
  try {
    const result = await span.run(work);
    failure = undefined;
    return result;
  } finally {
    span.end({ failure });
  }
}
