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
    const response = await this.get(
      PATHS.keySet,
      { accept: 'application/json' },
      AbortSignal.timeout(KEY_SET_WITHIN_MS),
    );
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of bytesOf(response)) {
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
    return bytesOf(response);
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

async function* bytesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  // Its type is that of the browsers', which cannot be iterated.
  const stream: AsyncIterable<unknown> = body;
  for await (const piece of stream) {
    if (!(piece instanceof Uint8Array)) throw new Error('the body is no bytes');
    yield piece;
  }
}
