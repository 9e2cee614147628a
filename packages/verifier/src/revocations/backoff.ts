const FIRST_MS = 250;
const MOST_MS = 5_000;
/** A server that asks for more is asked all the same: what it revokes meanwhile has to be learnt. */
const MOST_ASKED_MS = 60_000;

/** How long to wait before each further try: doubling, and spread, so that readers do not all come back at once. */
export class Backoff {
  private tries = 0;

  /** @param random from 0 up to 1 */
  constructor(private readonly random: () => number = Math.random) {}

  /** @param atLeastMs as the server asked */
  nextMs(atLeastMs = 0): number {
    const ceilingMs = Math.min(MOST_MS, FIRST_MS * 2 ** this.tries);
    this.tries = Math.min(this.tries + 1, 30);
    const ownMs = ceilingMs * (0.5 + this.random() / 2);
    return Math.max(ownMs, Math.min(atLeastMs, MOST_ASKED_MS));
  }

  reset(): void {
    this.tries = 0;
  }
}
