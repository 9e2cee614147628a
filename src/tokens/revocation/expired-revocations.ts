import { expiredRows } from '../../cleanup/expired-rows.js';

/** Revocations that no live token can meet any more. */
export const EXPIRED_REVOCATIONS = expiredRows({
  what: 'revocations',
  table: 'revocations',
  key: 'id',
  due: 'expires_at',
});
