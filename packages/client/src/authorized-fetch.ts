import { GatehouseError, asGatehouseError, retryAfterSeconds } from './errors.js';
import type { Problem } from './errors.js';
import type { Grant } from './kept.js';
import { MAX_RETRY_AFTER_SECONDS } from './service.js';
import { pause, unlessAborted } from './waiting.js';

const MAX_REPEATS = 2;

/** Where access tokens come from. */
export interface Grants {
  /** @returns undefined where nobody is signed in */
  current(): Promise<Grant | undefined>;
  /**
   * What is to be shown instead of one that was refused: because it is out of date, or because its session is over.
   * @returns undefined where nobody is signed in any more
   */
  after(refused: Grant, isOver: boolean): Promise<Grant | undefined>;
}

/**
 * `fetch` with the access token, if somebody is signed in. What is refused because the token has expired or is out of date
 * is repeated once with another one; what only reads waits out a 503 with `Retry-After`, within bounds. Any other answer
 * comes back as it is.
 * @param origins who may be shown the access token
 * @throws GatehouseError `origin_refused` where it must not go, before anything is sent; `unreachable` where no answer came;
 * why a refresh failed. The reason of the request's signal.
 */
export function authorizedFetch(
  fetch: typeof globalThis.fetch,
  origins: readonly string[],
  grants: Grants,
): typeof fetch {
  const send = async (request: Request, grant: Grant | undefined): Promise<Response> => {
    for (let repeats = request.method === 'GET' ? MAX_REPEATS : 0; ; repeats -= 1) {
      const sent = request.clone();
      if (grant) sent.headers.set('Authorization', `Bearer ${grant.accessToken}`);
      const response = await fetch(sent).catch((error: unknown) => {
        request.signal.throwIfAborted();
        throw asGatehouseError(error);
      });
      const seconds = response.status === 503 ? retryAfterSeconds(response) : undefined;
      if (!repeats || seconds === undefined || seconds > MAX_RETRY_AFTER_SECONDS) return response;
      await unlessAborted(pause(seconds * 1000), request);
    }
  };
  return async (input, init) => {
    const request = new Request(input, init);
    const { origin } = new URL(request.url);
    if (!origins.includes(origin)) throw new GatehouseError('origin_refused', `${origin} may not be shown the token.`);
    const grant = await unlessAborted(grants.current(), request);
    const response = await send(request, grant);
    const [, reason] = /^token_(expired|stale|revoked)$/.exec(await codeOf(response)) ?? [];
    const next = grant && reason && (await unlessAborted(grants.after(grant, reason === 'revoked'), request));
    return next ? send(request, next) : response;
  };
}

/** The code of a problem document; without one, a service that only says that the token is no good means it has expired. */
async function codeOf(response: Response): Promise<string> {
  if (response.status !== 401) return '';
  const isRefused = response.headers.get('www-authenticate')?.includes('invalid_token');
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return String((Object(body) as Partial<Problem>).code ?? (isRefused && 'token_expired'));
}
