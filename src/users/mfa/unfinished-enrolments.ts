import { expiredRows } from '../../cleanup/expired-rows.js';

/** Longer than an enrolment may take, with the request that finishes it. */
const KEPT_SECONDS = 60 * 60;

/** Authenticator secrets that nobody has ever shown to have. */
export const UNFINISHED_ENROLMENTS = expiredRows({
  what: 'totp_enrolments',
  table: 'totp_factors',
  key: 'user_id',
  due: 'created_at',
  keptSeconds: KEPT_SECONDS,
  where: 'confirmed_at IS NULL',
});
