import { Clock } from '../../../src/shared/clock.js';

/** A clock that a test sets. It runs on by itself, as time does, from where it was set. */
export class SetClock extends Clock {
  private offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  synchronise(): void {
    // The test decides, not the database.
  }

  /** @param seconds negative to go back */
  advance(seconds: number): void {
    this.offsetMs += seconds * 1000;
  }
}
