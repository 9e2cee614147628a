import type { ThrottlerStorage } from '@nestjs/throttler';

import type { Clock } from '../shared/clock.js';

interface Window {
  readonly key: string;
  /** Those of the same policy, among which it is found. */
  readonly among: Map<string, Window>;
  endsAtMs: number;
  hits: number;
}

/** In whole seconds. */
export interface Count {
  totalHits: number;
  timeToExpire: number;
  isBlocked: boolean;
  timeToBlockExpire: number;
}

const CAPACITY = 100_000;
/** Ended windows dropped with each request: more than one, so that a burst's are gone after as many requests at last. */
const DROPPED_PER_REQUEST = 2;

/**
 * Counts requests in fixed windows, in constant time and bounded memory. When full, the oldest window makes room: who fills
 * it from many addresses resets counts here, never those of the guesses, which Postgres keeps.
 * A ring remembers the order, since a Map's first key is found only by walking over all that were deleted before it.
 */
export class MemoryThrottlerStorage implements ThrottlerStorage {
  /** By policy, then by who is counted: joined to one text, its hash would be worked out anew for each request. */
  private readonly windows = new Map<string, Map<string, Window>>();
  private readonly ring: (Window | undefined)[];
  private oldest = 0;
  private length = 0;

  constructor(
    private readonly clock: Clock,
    private readonly capacity = CAPACITY,
  ) {
    this.ring = new Array<Window | undefined>(capacity);
  }

  get size(): number {
    return [...this.windows.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** A blocked key stays so until its window ends; there is no block beyond it. */
  increment(key: string, ttlMs: number, limit: number, _blockMs: number, policy: string): Promise<Count> {
    const now = this.clock.now().getTime();
    this.dropEnded(now);
    const among = this.ofPolicy(policy);
    const known = among.get(key);
    const window = known !== undefined && known.endsAtMs > now ? known : this.open(among, key, now + ttlMs);
    window.hits += 1;
    const timeToExpire = Math.ceil((window.endsAtMs - now) / 1000);
    const isBlocked = window.hits > limit;
    return Promise.resolve({
      totalHits: window.hits,
      timeToExpire,
      isBlocked,
      timeToBlockExpire: isBlocked ? timeToExpire : 0,
    });
  }

  /** Has a window end with another one that ends before it; it never grows. */
  endWithin(policy: string, key: string, seconds: number): void {
    const window = this.windows.get(policy)?.get(key);
    if (window === undefined) return;
    window.endsAtMs = Math.min(window.endsAtMs, this.clock.now().getTime() + seconds * 1000);
  }

  private ofPolicy(policy: string): Map<string, Window> {
    const known = this.windows.get(policy);
    if (known !== undefined) return known;
    const windows = new Map<string, Window>();
    this.windows.set(policy, windows);
    return windows;
  }

  private open(among: Map<string, Window>, key: string, endsAtMs: number): Window {
    if (this.length === this.capacity) this.dropOldest();
    const window = { key, among, endsAtMs, hits: 0 };
    among.set(key, window);
    this.ring[(this.oldest + this.length) % this.capacity] = window;
    this.length += 1;
    return window;
  }

  private dropEnded(now: number): void {
    for (let dropped = 0; dropped < DROPPED_PER_REQUEST; dropped += 1) {
      const window = this.ring[this.oldest];
      if (window === undefined || window.endsAtMs > now) return;
      this.dropOldest();
    }
  }

  private dropOldest(): void {
    const window = this.ring[this.oldest];
    this.ring[this.oldest] = undefined;
    this.oldest = (this.oldest + 1) % this.capacity;
    this.length -= 1;
    // The key may have had a new window since.
    if (window?.among.get(window.key) === window) window?.among.delete(window.key);
  }
}
