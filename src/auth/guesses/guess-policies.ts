import type { CounterPolicy } from './guess-counters.js';

const QUARTER_HOUR = 15 * 60;
const HOUR = 60 * 60;
const DAY = 24 * HOUR;
/** NIST SP 800-63B-4 §3.2.2: at most 100 wrong ones in a row. */
const MOST_IN_A_ROW = 100;

/** Ten, then waits that double. */
const doublingTo = (longestSeconds: number, waits: Partial<CounterPolicy['waits']> = {}): CounterPolicy => ({
  quota: 10,
  windowSeconds: QUARTER_HOUR,
  waits: { firstSeconds: QUARTER_HOUR, longestSeconds, spentBy: 'tries_in_a_row', ...waits },
});

/** What is counted, by the name that the `RateLimit` fields give it. */
export const GUESS_POLICIES = {
  /** Wrong passwords for one address from one client network. */
  login: { quota: 5, windowSeconds: QUARTER_HOUR },
  /** Wrong passwords for one address from all devices that it does not know. */
  'login-account': doublingTo(DAY, { spentBy: 'tries_in_window', mostInARow: MOST_IN_A_ROW }),
  /** Wrong passwords and codes from one client network, for whatever address. */
  'login-network': { quota: 100, windowSeconds: QUARTER_HOUR },
  /** Wrong passwords from one device that the account knows: a budget that no stranger can spend. */
  'login-device': doublingTo(HOUR),
  /**
   * Wrong codes and recovery codes for one account, over all its sign-ins from devices that it does not know; and for each
   * device or session that it knows. Whoever guesses here has the password.
   */
  'second-factor': doublingTo(DAY),
  /** Wrong passwords and codes from within one session. */
  session: doublingTo(HOUR),
} as const satisfies Record<string, CounterPolicy>;

export type GuessPolicyName = keyof typeof GUESS_POLICIES;
