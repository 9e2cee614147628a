/**
 * Longer than a request may last or instances may be apart: a refresh that began before its session's end may still save it,
 * and what another instance revoked longer ago has been read by all.
 */
export const IN_FLIGHT_SECONDS = 60;

/**
 * How long after its last rotation a session may have a live access token: as long as one may ever live (60 min, whatever
 * `JWT_EXPIRE` is now), after a repeat at the end of the longest grace (60 s), with room for clocks and for a refresh that waited.
 */
export const TOKEN_LIFE_SECONDS = 70 * 60;

/** A session that nothing has revoked, neither by itself nor with everyone's; of the row `sessions`. */
export const NOT_REVOKED = 'sessions.revoked_at IS NULL AND sessions.era >= (SELECT era FROM deployment)';

/** @param at the parameter that holds the time, as `$2` */
export const notExpired = (at: string): string =>
  `sessions.idle_expires_at > ${at} AND sessions.absolute_expires_at > ${at}`;

/**
 * Whether an access token of the session may be alive, so that others have to hear of its end. A repeat with an
 * `Idempotency-Key` hands out another at any later time and writes nothing, so a session that was refreshed with one always may.
 * @param since the parameter that holds the time `TOKEN_LIFE_SECONDS` ago
 */
export const mayHaveToken = (since: string): string =>
  `(sessions.last_used_at > ${since} OR sessions.idempotency_key_hash IS NOT NULL)`;
