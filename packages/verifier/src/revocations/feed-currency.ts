import type { Clock } from '../clock.js';

/** How old the knowledge of revocations is. */
export class FeedCurrency {
  /** When it was heard last: by both clocks, since a suspended machine moves the wall clock alone. */
  private since = { monotonicMs: -Infinity, wallMs: -Infinity };

  constructor(private readonly clock: Clock) {}

  /** In milliseconds, by whichever clock says more; infinite before anything was heard. */
  stalenessMs(): number {
    const { monotonicMs, wallMs } = this.since;
    return Math.max(this.clock.monotonicMs() - monotonicMs, this.clock.wallMs() - wallMs);
  }

  /** @param atMs when what is known was true at the latest, by the monotonic clock */
  renew(atMs = this.clock.monotonicMs()): void {
    this.since = { monotonicMs: atMs, wallMs: this.clock.wallMs() - (this.clock.monotonicMs() - atMs) };
  }

  /** Nothing that was heard counts any more. */
  forget(): void {
    this.since = { monotonicMs: -Infinity, wallMs: -Infinity };
  }

  /** How far the wall clock was set back since anything was heard, in milliseconds. */
  setBackMs(): number {
    const { monotonicMs, wallMs } = this.since;
    if (monotonicMs === -Infinity) return 0;
    return this.clock.monotonicMs() - monotonicMs - (this.clock.wallMs() - wallMs);
  }
}
