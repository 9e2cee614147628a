/**
 * The time that instances compare with one another: expiry, grace, counters.
 * A port, since tests set it; everything else asks it once per use case and passes the answer on.
 */
export abstract class Clock {
  abstract now(): Date;

  /**
   * Tells the database's time, so that instances agree on it.
   * @param databaseTime its time at some moment while the question was under way
   * @param askedAt this clock's time when it was asked
   */
  abstract synchronise(databaseTime: Date, askedAt: Date): void;
}

/** The machine's time plus the offset to Postgres that was measured last. */
export class SystemClock extends Clock {
  private offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  synchronise(databaseTime: Date, askedAt: Date): void {
    const middleMs = (askedAt.getTime() + this.now().getTime()) / 2;
    this.offsetMs += Math.round(databaseTime.getTime() - middleMs);
  }
}

export const addSeconds = (time: Date, seconds: number): Date => new Date(time.getTime() + seconds * 1000);
/** Whole seconds since 1970-01-01T00:00:00Z (RFC 7519 §2, NumericDate). */
export const epochSeconds = (time: Date): number => Math.floor(time.getTime() / 1000);
/** Whole seconds from `from` to `to`, rounded up and never negative. */
export const secondsUntil = (to: Date, from: Date): number =>
  Math.max(0, Math.ceil((to.getTime() - from.getTime()) / 1000));
export const earlierOf = (one: Date, other: Date): Date => (one.getTime() <= other.getTime() ? one : other);
