import type { Grant } from './kept.js';
import type { EndReason } from './session.js';
import { pause } from './waiting.js';

/** How long others may take: longer than all the tries of a refresh that is answered at all. */
const LOCK_MS = 60_000;

/** What one tab tells the others; nothing but that something has changed where it is kept for all to read. */
export interface Message {
  /** By cookie: a new access token. */
  readonly grant?: Grant;
  /** The id of a session that is over. */
  readonly ended?: string | undefined;
  readonly reason?: EndReason | undefined;
}

/** All tabs that share a session. */
export interface Tabs {
  /**
   * Does one thing at a time over all of them.
   * @param work is told whether it had to wait for another's
   */
  alone<T>(work: (waited: boolean) => Promise<T>): Promise<T>;
  tell(message: Message): void;
  /** Resolves with the next message, or after `ms`: another tab's lock may be free before its message is here. */
  heard(ms: number): Promise<unknown>;
  close(): void;
}

/**
 * Tabs by the Web Locks API and a BroadcastChannel, both of this origin.
 * @param name none outside of a browser, and where nothing is shared
 */
export function openTabs(name: string | undefined, onMessage: (message: Message) => void): Tabs {
  const channel = name ? new BroadcastChannel(name) : undefined;
  // Only where the page came by https or from this machine.
  const locks = name && (navigator as Partial<Navigator>).locks;
  let last: Promise<unknown> = Promise.resolve();
  let arrived: (() => void) | undefined;
  const hear = (message: Message): void => {
    onMessage(message);
    arrived?.();
  };
  /** `localStorage` reaches other processes in its own time, which may be after any message. */
  const onStorage = ({ key }: StorageEvent): void => {
    if (key === name) hear({});
  };
  if (channel) {
    addEventListener('storage', onStorage);
    channel.onmessage = ({ data }: MessageEvent<Message>): void => {
      hear(data);
    };
  }
  return {
    alone: async (work) => {
      if (!locks) {
        const next = last.then(() => work(false));
        last = next.catch(() => undefined);
        return next;
      }
      const done = await locks.request(name, { ifAvailable: true }, async (lock) => lock && { by: await work(false) });
      return done ? done.by : locks.request(name, { signal: AbortSignal.timeout(LOCK_MS) }, () => work(true));
    },
    tell: (message) => channel?.postMessage(message),
    heard: (ms) => Promise.race([pause(ms), new Promise<void>((resolve) => (arrived = resolve))]),
    close: () => {
      if (!channel) return;
      removeEventListener('storage', onStorage);
      channel.close();
    },
  };
}
