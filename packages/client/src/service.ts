import { asGatehouseError, errorOf } from './errors.js';
import { parsed } from './parsed.js';
import { pause } from './waiting.js';
import type { Abortable } from './waiting.js';

const MAX_TRIES = 4;
/** A longer `Retry-After` is left to the caller: `retryAfterSeconds` tells. */
export const MAX_RETRY_AFTER_SECONDS = 10;
/** What a repeat does not mend: all of 4xx but 408, 409 and 429. */
const FINAL_STATUS = /^4(?!0[89]|29)/;
const FIRST_BACKOFF_SECONDS = 0.25;

/** Sends JSON; what has no body is answered with an empty object. @throws GatehouseError; the reason of the caller's signal */
export type Post = <Answer>(
  path: string,
  body: object,
  headers?: Readonly<Record<string, string>>,
  options?: Abortable,
) => Promise<Answer>;

interface ServiceOptions {
  /** The service's. */
  readonly origin: string;
  readonly inCookie: boolean;
  readonly fetch: typeof fetch;
  readonly timeoutSeconds: number;
}

/** Calls the routes around the session: with cookies where they hold it, and never for longer than `timeoutSeconds`. */
export function poster({ origin, inCookie, fetch, timeoutSeconds }: ServiceOptions): Post {
  return async <Answer>(path: string, body: object, headers = {}, { signal }: Abortable = {}) => {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    try {
      const response = await fetch(origin + path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Gatehouse': '1', ...headers },
        body: JSON.stringify(body),
        credentials: inCookie ? 'include' : 'omit',
        // Nobody else is handed a password or a token.
        redirect: 'error',
        // A sign-out arrives though the page is closed, and so does the cookie of a refresh.
        keepalive: true,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const text = await response.text();
      // A proxy's page is none.
      const answer = text ? parsed(text) : {};
      if (!response.ok || !answer) throw errorOf(response, answer);
      return answer as Answer;
    } catch (error) {
      signal?.throwIfAborted();
      throw asGatehouseError(error);
    }
  };
}

/** Repeats what may be repeated until it succeeds, a few times, and never before `Retry-After` allows it. */
export async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      const { status, retryAfterSeconds: seconds = FIRST_BACKOFF_SECONDS * 2 ** (tries - 1) } = asGatehouseError(error);
      const isFinal = FINAL_STATUS.test(String(status));
      if (isFinal || tries === MAX_TRIES || seconds > MAX_RETRY_AFTER_SECONDS) throw error;
      // The waits of many clients differ, so that they do not come back all at once.
      await pause((seconds + FIRST_BACKOFF_SECONDS * Math.random()) * 1000);
    }
  }
}
