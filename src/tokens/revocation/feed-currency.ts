import { performance } from 'node:perf_hooks';
import type { Clock } from '../../shared/clock.js';

/** How old the knowledge of an instance is. */
export class FeedCurrency {
  /** When the last good read was sent: by the monotonic clock, and by the wall clock, which a suspended machine moves. */
  private since = { monotonicMs: -Infinity, wallMs: -Infinity };

  constructor(private readonly clock: Clock) {}

  /** In milliseconds, by whichever clock says more. */
  stalenessMs(): number {
    const monotonicMs = performance.now() - this.since.monotonicMs;
    const wallMs = this.clock.now().getTime() - this.since.wallMs;
    return Math.max(monotonicMs, wallMs);
  }

  /** @param sentMs when the question was sent that has been answered, by the monotonic clock: the answer may be as old */
  renew(sentMs: number): void {
    this.since = { monotonicMs: sentMs, wallMs: this.clock.now().getTime() - (performance.now() - sentMs) };
  }
}
