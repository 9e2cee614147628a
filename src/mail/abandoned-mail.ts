import { expiredRows } from '../cleanup/expired-rows.js';

/** A day after its sender would have given it up. */
const KEPT_SECONDS = 4 * 24 * 60 * 60;

/** Mail that nobody gives up, since nobody tries to send it: with `MAIL=off`, or where each try ends with its process. */
export const ABANDONED_MAIL = expiredRows({
  what: 'mail_outbox',
  table: 'mail_outbox',
  key: 'id',
  due: 'created_at',
  keptSeconds: KEPT_SECONDS,
});
