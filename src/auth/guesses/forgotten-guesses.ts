import { expiredRows } from '../../cleanup/expired-rows.js';

/**
 * Counts that hold nobody back any more: those of a window when it is over, those in a row after four days for each. A hundred
 * in a row stay for good. The database computes when.
 */
export const FORGOTTEN_GUESSES = expiredRows({
  what: 'guesses',
  table: 'guesses',
  key: 'bucket',
  due: 'forget_at',
});
