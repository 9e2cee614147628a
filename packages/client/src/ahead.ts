import { nowMs } from './clock.js';
import type { Memory } from './session.js';
import { pause } from './waiting.js';

/** Of the time that a token may still be used: somewhere between, so that tabs and users do not all refresh at once. */
const EARLIEST_SHARE = 0.7;
const SPREAD_SHARE = 0.25;
const RETRY_MS = 15_000;

export interface Ahead {
  /** Counts anew from the access token there is. */
  readonly schedule: () => void;
  /** Tries again in a while. */
  readonly retry: () => void;
  readonly stop: () => void;
}

/**
 * Refreshes before the access token expires, while the page is in sight: a hidden one refreshes when it is next needed or
 * seen, and a session that nobody looks at may end.
 * @param refresh after which, if it fails, it is tried again
 */
export function refreshAhead(memory: Memory, refresh: () => Promise<void>): Ahead {
  /** Only the last one that was scheduled counts; none after the stop, as NaN equals nothing. */
  let turn = 0;
  const after = async (ms: number): Promise<void> => {
    const mine = (turn += 1);
    await pause(ms);
    if (mine !== turn || memory.state().status === 'signedOut') return;
    if ((globalThis as Partial<typeof globalThis>).document?.hidden) retry();
    else await refresh().catch(retry);
  };
  const retry = (): void => void after(RETRY_MS * (1 + Math.random()));
  return {
    schedule: () => {
      const leftMs = Math.max(0, (memory.grant()?.usableUntil ?? 0) - nowMs());
      void after(leftMs * (EARLIEST_SHARE + SPREAD_SHARE * Math.random()));
    },
    retry,
    stop: () => {
      turn = NaN;
    },
  };
}
