import { nowMs } from './clock.js';
import type { ErrorCode } from './error-codes.js';
import { GatehouseError, asGatehouseError } from './errors.js';
import type { Keeper, Kept } from './kept.js';
import type { components } from './openapi.js';
import { persistently } from './service.js';
import type { Post } from './service.js';
import type { EndReason, Memory } from './session.js';
import type { Tabs } from './tabs.js';

export type Tokens = components['schemas']['TokensResponse'];

/** Of the time an access token is good for: the rest is for the way, and for clocks. */
const USABLE_SHARE = 0.95;
/** How long what another tab has told or kept may be behind its lock. */
const HEARD_WITHIN_MS = 100;
/** A session is over where the service says so in these words; nothing else signs anyone out. */
const OVER = /^(refresh_(invalid|expired|reused)|session_revoked)$/;

export interface Parts {
  readonly inCookie: boolean;
  readonly post: Post;
  readonly keep: Keeper;
  readonly memory: Memory;
  readonly tabs: Tabs;
}

/** The one place where tokens are exchanged. */
export interface Refresh {
  /**
   * Gets a newer access token than `seen`, from another tab or from the service. However many ask at once, one asks.
   * @throws GatehouseError: a reason of the session's end, or why no answer came, which ends nothing
   */
  readonly newerThan: (seen: string | undefined) => Promise<void>;
  /** Takes over what a sign-in or a refresh answered with: kept first, then used, then told. To be called alone. */
  readonly accept: (tokens: Tokens, askedAtMs: number) => Promise<void>;
  /** Takes over what another tab has kept. */
  readonly readKept: () => Promise<Kept>;
  /** Forgets the session, here and in the other tabs. */
  readonly end: (reason?: EndReason) => void;
}

export function refresher({ inCookie, post, keep, memory, tabs }: Parts): Refresh {
  let underWay: Promise<void> | undefined;

  const end = (reason?: EndReason): void => {
    tabs.tell({ ended: memory.sessionId(), reason });
    memory.end(reason);
  };

  const over = async (code: ErrorCode): Promise<void> => {
    await keep.write({});
    end(code);
  };

  const accept = async ({ refreshToken, deviceToken, ...tokens }: Tokens, askedAtMs: number): Promise<void> => {
    const { accessToken, sessionId, expiresIn } = tokens;
    const grant = { accessToken, sessionId, usableUntil: askedAtMs + expiresIn * 1000 * USABLE_SHARE };
    await keep.write(inCookie ? {} : { grant, refreshToken, ...(deviceToken && { deviceToken }) });
    memory.hold(grant);
    tabs.tell(inCookie ? { grant } : {});
  };

  const readKept = async (): Promise<Kept> => {
    const kept = await keep.read();
    if (kept.grant && !kept.signingOut) memory.hold(kept.grant);
    return kept;
  };

  const ask = async (): Promise<void> => {
    const kept = await keep.read();
    const { refreshToken, key = newKey() } = kept;
    // Before it is sent: whoever repeats it, after a reload too, sends the same.
    if (!kept.key) await keep.write({ ...kept, key });
    const askedAtMs = nowMs();
    try {
      await accept(await post<Tokens>('/api/refresh', { refreshToken }, { 'Idempotency-Key': key }), askedAtMs);
    } catch (error) {
      const { code } = asGatehouseError(error);
      if (!OVER.test(code)) throw error;
      // Without locks another tab may have been faster, and have kept a newer one.
      if ((await keep.read()).refreshToken !== refreshToken) return ask();
      await over(code);
      throw error;
    }
  };

  const exchange = async (seen: string | undefined, waited: boolean): Promise<void> => {
    let kept = await readKept();
    if (waited && memory.grant()?.accessToken === seen) {
      await tabs.heard(HEARD_WITHIN_MS);
      kept = await readKept();
    }
    const usable = memory.usable();
    if (usable && usable.accessToken !== seen) return;
    if (kept.signingOut ?? !(inCookie || kept.refreshToken)) {
      end('signed_out');
      throw new GatehouseError('signed_out', 'Nobody is signed in.');
    }
    await persistently(ask).catch(async (error: unknown) => {
      const { code } = asGatehouseError(error);
      // Two steps behind for good: shown once more, later, the token would be taken for a stolen one.
      if (!inCookie && code === 'refresh_superseded') await over(code);
      throw error;
    });
  };

  return {
    newerThan: (seen) =>
      (underWay ??= tabs
        .alone((waited) => exchange(seen, waited))
        .catch((error: unknown) => {
          throw asGatehouseError(error);
        })
        .finally(() => (underWay = undefined))),
    accept,
    readKept,
    end,
  };
}

/** Not `randomUUID`: pages that come by plain http, as in development over a network, have none. */
const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');
