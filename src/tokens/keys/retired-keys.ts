import { expiredRows } from '../../cleanup/expired-rows.js';

/**
 * Longer than a session may live (365 d): for so long its access tokens are told that they are stale, which a refresh mends, and
 * not that they are nobody's.
 */
const KEPT_SECONDS = 400 * 24 * 60 * 60;

/** Keys that were taken out of use long ago. Their private halves went at once. */
export const RETIRED_KEYS = expiredRows({
  what: 'signing_keys',
  table: 'signing_keys',
  key: 'kid',
  due: 'retired_at',
  keptSeconds: KEPT_SECONDS,
  where: `state = 'retired'`,
});
