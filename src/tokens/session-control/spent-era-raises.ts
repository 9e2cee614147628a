import { expiredRows } from '../../cleanup/expired-rows.js';

/** Longer than a session may live (365 d) and its row stays (30 d). */
const KEPT_SECONDS = 400 * 24 * 60 * 60;

/**
 * Records of when everyone was signed out, once no session is left that they say the end of. One that was being opened then may
 * be a little younger than the raise.
 */
export const SPENT_ERA_RAISES = expiredRows({
  what: 'era_raises',
  table: 'era_raises',
  key: 'era',
  due: 'raised_at',
  keptSeconds: KEPT_SECONDS,
  where: `era <= (SELECT ended_era FROM deployment)
          AND NOT EXISTS (SELECT FROM sessions WHERE created_at < era_raises.raised_at + interval '1 hour')`,
});
