/** The two clocks of a machine: one that is set, one that only goes on (but stands still while the machine is suspended). */
export interface Clock {
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** Milliseconds since some moment. */
  monotonicMs(): number;
}

/** @param wallMs instead of the machine's own: what tokens and revocations expire by */
export const systemClock = (wallMs: () => number = () => Date.now()): Clock => ({
  wallMs,
  monotonicMs: () => performance.now(),
});

/** Whole seconds since 1970 (RFC 7519 §2, NumericDate). */
export const epochSeconds = (clock: Clock): number => Math.floor(clock.wallMs() / 1000);
