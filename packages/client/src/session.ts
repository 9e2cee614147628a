import { nowMs } from './clock.js';
import type { ErrorCode } from './error-codes.js';
import type { Grant } from './kept.js';

/** Why a session is over: somebody signed out, here or in another tab, or what the service refused it with. */
export type EndReason = ErrorCode;

export type SessionState =
  /** Not known yet: the first refresh is under way, or the service cannot be reached. */
  | { readonly status: 'unknown' }
  | { readonly status: 'signedIn'; readonly sessionId: string }
  /** Without a reason where there was no session to begin with. */
  | { readonly status: 'signedOut'; readonly reason?: EndReason | undefined };

type Listener = (state: SessionState) => void;

/** Who is signed in. `state` is the same object until it changes, as React's useSyncExternalStore takes it. */
export interface Session {
  readonly state: SessionState;
  /** Resolves once it is known whether somebody is signed in, or that this cannot be found out now. */
  readonly ready: Promise<SessionState>;
  /** @returns what stops it */
  readonly subscribe: (listener: Listener) => () => void;
}

/** The access token and the state, in memory alone. */
export interface Memory {
  readonly state: () => SessionState;
  sessionId(): string | undefined;
  grant(): Grant | undefined;
  /** The access token, if it is good for a while yet. */
  usable(): Grant | undefined;
  /** Takes over a session, or a newer access token of it. */
  hold(grant: Grant): void;
  readonly end: (reason?: EndReason) => void;
  readonly subscribe: (listener: Listener) => () => void;
}

export function sessionMemory(onHold: () => void): Memory {
  let state: SessionState = { status: 'unknown' };
  let grant: Grant | undefined;
  /** The last one that ended: what is still on its way for it comes too late. */
  let ended: string | undefined;
  const listeners = new Set<Listener>();
  const become = (next: SessionState): void => {
    state = next;
    // Later, so that one that throws does not stop what is under way here.
    for (const listener of listeners) {
      queueMicrotask(() => {
        listener(next);
      });
    }
  };
  const sessionId = (): string | undefined => (state.status === 'signedIn' ? state.sessionId : undefined);
  return {
    state: () => state,
    sessionId,
    grant: () => grant,
    usable: () => (grant && grant.usableUntil > nowMs() ? grant : undefined),
    hold: (next) => {
      const isSame = next.sessionId === sessionId();
      const isOlder = isSame && grant && next.usableUntil < grant.usableUntil;
      if (next.sessionId === ended || isOlder) return;
      grant = next;
      if (!isSame) become({ status: 'signedIn', sessionId: next.sessionId });
      onHold();
    },
    end: (reason) => {
      const wasNone = state.status === 'unknown' && (reason === 'refresh_invalid' || reason === 'signed_out');
      ended = sessionId() ?? ended;
      grant = undefined;
      if (state.status !== 'signedOut') become({ status: 'signedOut', reason: wasNone ? undefined : reason });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
