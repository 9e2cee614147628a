import { expiredRows } from '../../cleanup/expired-rows.js';

/** A sign-in whose code was taken just before the end may still finish. */
const KEPT_SECONDS = 60;

export const EXPIRED_CHALLENGES = expiredRows({
  what: 'mfa_challenges',
  table: 'mfa_challenges',
  key: 'token_hash',
  due: 'expires_at',
  keptSeconds: KEPT_SECONDS,
});
