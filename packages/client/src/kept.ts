import { parsed } from './parsed.js';

/** Where something is kept beyond a reload: `localStorage`, `sessionStorage`, or anything of that shape, also asynchronous. */
export interface ClientStorage {
  getItem(name: string): string | null | Promise<string | null>;
  setItem(name: string, value: string): unknown;
}

/** An access token, and how long it may be used. */
export interface Grant {
  readonly accessToken: string;
  readonly sessionId: string;
  /** In ms since 1970, by this machine's clock; a little before it expires. */
  readonly usableUntil: number;
}

/** What is kept of a session. By cookie that is `key` and `signingOut` alone, neither of them a secret. */
export interface Kept {
  readonly refreshToken?: string | undefined;
  readonly grant?: Grant;
  /** The `Idempotency-Key` of a refresh that may have been sent and whose answer has not arrived. */
  readonly key?: string;
  /** A sign-out that the service may not know of yet. */
  readonly signingOut?: true;
  /** What a sign-in from this device is told by: it outlives sessions. */
  readonly deviceToken?: string | undefined;
}

export interface Keeper {
  read(): Promise<Kept>;
  /** Replaces all of it but the device token. */
  write(kept: Kept): Promise<void>;
}

/** @param storage in memory where there is none: gone with the page or the process */
export function keeper(name: string, storage: ClientStorage | undefined): Keeper {
  let inMemory: string | null = null;
  // Whatever somebody else wrote there is nothing.
  const read = async (): Promise<Kept> => Object(parsed(storage ? await storage.getItem(name) : inMemory)) as Kept;
  return {
    read,
    write: async (kept) => {
      const { deviceToken } = await read();
      inMemory = JSON.stringify({ deviceToken, ...kept });
      await storage?.setItem(name, inMemory);
    },
  };
}

/** The browser's, unless the user or a frame's sandbox forbids it. */
export function localStorageIfAllowed(): ClientStorage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
