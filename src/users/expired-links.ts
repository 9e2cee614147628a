import { expiredRows } from '../cleanup/expired-rows.js';

/** A request that found one just before its end may still use it. */
const KEPT_SECONDS = 60;

export const EXPIRED_LINKS = expiredRows({
  what: 'action_links',
  table: 'action_links',
  key: 'token_hash',
  due: 'expires_at',
  keptSeconds: KEPT_SECONDS,
});
