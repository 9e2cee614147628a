import { VerifierSetupError } from './errors.js';
import type { Settings } from './options.js';

const KEY_SET_WITHIN_MS = 5_000;
const KEY_SET_MAX_BYTES = 65_536;
const PATHS = { keySet: '.well-known/jwks.json', revocations: 'api/revocations' } as const;

/** An answer that is not the one that was asked for. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  constructor(
    readonly what: string,
    readonly status: number,
    /** As `Retry-After` says. */
    readonly retryAfterMs: number,
  ) {
    super(`${what} was answered with ${status}`);
  }
}

/** What is asked of Gatehouse itself. */
export class Gatehouse {
  constructor(
    private readonly settings: Settings,
    private readonly send: typeof fetch = fetch,
  ) {}

  /** @throws Error where it does not come within 5 s, is no JSON or longer than 64 KiB */
  async keySet(): Promise<unknown> {
    const signal = AbortSignal.timeout(KEY_SET_WITHIN_MS);
    const response = await this.get(PATHS.keySet, { accept: 'application/json' }, signal);
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of bytesOf(response, signal)) {
      length += piece.length;
      if (length > KEY_SET_MAX_BYTES) throw new Error('the key set is too long');
      pieces.push(piece);
    }
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown;
  }

  /**
   * Opens the feed of revocations.
   * @param position the id of the event from which to go on
   * @throws VerifierSetupError where the credentials are refused
   */
  async revocations(position: string | undefined, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const headers = {
      accept: 'text/event-stream',
      authorization: this.settings.authorization,
      ...(position !== undefined && { 'last-event-id': position }),
    };
    const response = await this.get(PATHS.revocations, headers, signal);
    if (!/^text\/event-stream\b/.test(response.headers.get('content-type') ?? '')) {
      await response.body?.cancel();
      throw new Error('the feed is no stream of events');
    }
    return bytesOf(response, signal);
  }

  private async get(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    // A redirect would take the credentials, or the trust in the answer, to somebody else.
    const options = { headers, signal, redirect: 'error', cache: 'no-store' } as const;
    const response = await this.send(new URL(path, this.settings.baseUrl), options);
    if (response.status === 200) return response;
    await response.body?.cancel();
    if (response.status === 401) throw new VerifierSetupError('clientId or clientSecret is refused');
    const seconds = Number(response.headers.get('retry-after'));
    throw new RefusedError(path, response.status, Number.isFinite(seconds) ? seconds * 1000 : 0);
  }
}

/**
 * The pieces of a body. The signal cancels it here too: `fetch` forgets its signal where its request has been collected as
 * garbage, and would leave the connection open.
 * @throws the reason of the signal
 */
async function* bytesOf({ body }: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  const cancel = (): void => {
    reader.cancel(signal.reason).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    for (;;) {
      signal.throwIfAborted();
      const piece: { readonly done: boolean; readonly value?: unknown } = await reader.read();
      signal.throwIfAborted();
      if (piece.done) return;
      if (!(piece.value instanceof Uint8Array)) throw new Error('the body is no bytes');
      yield piece.value;
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    // Also where nobody wants the rest.
    cancel();
  }
}
