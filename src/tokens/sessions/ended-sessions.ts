import { expiredRows } from '../../cleanup/expired-rows.js';

/**
 * How long a session stays after the last moment that it could have lived to, however early it ended: that long an admin finds
 * it, and its refresh tokens are told how it ended. After it they are nobody's.
 */
const KEPT_SECONDS = 30 * 24 * 60 * 60;

// By the one end that no refresh moves: each of the two has an index on it, which no refresh has to write.
const ended = { table: 'sessions', key: 'id', due: 'absolute_expires_at', keptSeconds: KEPT_SECONDS };

export const ENDED_SESSIONS = [
  expiredRows({ ...ended, what: 'sessions_expired', where: 'revoked_at IS NULL' }),
  expiredRows({ ...ended, what: 'sessions_revoked', where: 'revoked_at IS NOT NULL' }),
];
