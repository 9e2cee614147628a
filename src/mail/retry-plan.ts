import { randomInt } from 'node:crypto';
import { addSeconds } from '../shared/clock.js';

const FIRST_DELAY_SECONDS = 5;
const LONGEST_DELAY_SECONDS = 15 * 60;
const GIVE_UP_AFTER_SECONDS = 3 * 24 * 60 * 60;

/**
 * How long a mail waits after a try that failed: 5 s, then twice as long each time, up to 15 min. Up to a quarter is taken
 * off at random, so that what failed together does not come back together.
 * @param attempts how many tries there were, 1 or more
 */
export function retryDelaySeconds(attempts: number): number {
  const delay = Math.min(FIRST_DELAY_SECONDS * 2 ** (attempts - 1), LONGEST_DELAY_SECONDS);
  return delay * (1 - randomInt(250) / 1000);
}

/** True where a mail is three days old: whom it would tell has other worries, or is not there. */
export const isGivenUp = (createdAt: Date, now: Date): boolean =>
  addSeconds(createdAt, GIVE_UP_AFTER_SECONDS).getTime() <= now.getTime();
