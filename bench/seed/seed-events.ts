import type { Client } from 'pg';
import { DAY_MS, ipOf, oneOf, someUser, timeAt, userAgentOf, userId, uuidAt } from './made-values.js';
import type { Scale } from './made-values.js';

const MONTHS = 13;
const SLICES = 26;
const EVENT_DAYS = 395;
/** Events a seal: a busy second's. */
const SEALED_TOGETHER = 100;
/** By how common they are: the last ones hardly occur. */
const TYPES: readonly (readonly [share: number, type: string])[] = [
  [0.38, 'authn_login_success'],
  [0.68, 'authn_login_fail'],
  [0.8, 'session_logout'],
  [0.88, 'excess_rate_limit_exceeded'],
  [0.93, 'session_revoked'],
  [0.96, 'authz_admin'],
  [0.98, 'authz_fail'],
  [0.99, 'authn_password_change'],
  [0.9999, 'user_created'],
  [0.999998, 'authz_change'],
];
const RAREST = 'signing_key_changed';
const ABOUT_NOBODY = 0.15;

const typeOf = (random: string): string =>
  `CASE ${TYPES.map(([share, type]) => `WHEN ${random} < ${share} THEN '${type}'`).join(' ')} ELSE '${RAREST}' END`;

/** Thirteen months of events, evenly, as the tables' own functions cut them, with a seal for each hundred. */
export async function seedEvents(client: Client, scale: Scale, log: (line: string) => void): Promise<void> {
  await client.query(
    `SELECT audit_ensure_piece((date_trunc('month', now() AT TIME ZONE 'UTC') - n * interval '1 month')::date)
     FROM generate_series(0, ${MONTHS}) AS n`,
  );
  for (let slice = 0; slice < SLICES; slice += 1) {
    const [first, last] = [slice, slice + 1].map((at) => Math.floor((scale.events * at) / SLICES));
    await client.query(insertion(scale, first ?? 0, (last ?? 0) - 1));
    if (slice % 5 === 4) log(`  ${(last ?? 0).toLocaleString('en')} events`);
  }
}

const insertion = (scale: Scale, first: number, last: number): string => {
  const startMs = scale.nowMs - EVENT_DAYS * DAY_MS;
  const stepMs = (EVENT_DAYS * DAY_MS) / scale.events;
  return `
    INSERT INTO audit_events (id, type, at, actor_id, user_id, session_id, ip, user_agent, request_id, outcome, count, details, mac)
    SELECT ${uuidAt('ms', 'noise')}, type, ${timeAt('ms')},
           CASE WHEN type LIKE 'authz%' THEN ${userId('u % 50', scale)} END,
           CASE WHEN r2 > ${ABOUT_NOBODY} THEN ${userId('u', scale)} END,
           CASE WHEN r2 > 0.4 THEN ${uuidAt('ms', "md5('session ' || n)")} END,
           ${ipOf('u', 'r3')}, ${userAgentOf('u', 'r4')}, noise, ${oneOf(['success', 'failure'], 'r4')}, 1,
           CASE WHEN r4 < 0.5 THEN '{}'::jsonb ELSE '{"method": "pwd", "route": "/api/login"}' END,
           decode(noise || noise, 'hex')
    FROM (SELECT n, ${someUser('r1', scale)} AS u, (${startMs} + floor(n * ${stepMs}::float8))::bigint AS ms,
                 md5('event ' || n) AS noise, ${typeOf('r5')} AS type, r2, r3, r4
          FROM (SELECT n, random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5
                FROM generate_series(${first}, ${last}) AS n OFFSET 0) AS chance) AS made`;
};

/** Hangs them on seals, which say nothing true: only their number and size matter here. */
export async function seedSeals(client: Client): Promise<void> {
  await client.query(`
    INSERT INTO audit_seals (number, piece, sealed_at, count, total, event_ids, digest, previous, head)
    SELECT row_number() OVER wanted, piece, sealed_at, count, sum(count) OVER wanted, event_ids,
           decode(md5(first) || md5(first), 'hex'), decode(md5(first) || md5(first), 'hex'), decode(md5(first) || md5(first), 'hex')
    FROM (SELECT date_trunc('month', at AT TIME ZONE 'UTC')::date AS piece, max(at) AS sealed_at, count(*)::integer AS count,
                 array_agg(id) AS event_ids, min(id::text) AS first
          FROM (SELECT id, at, (row_number() OVER (ORDER BY id) - 1) / ${SEALED_TOGETHER} AS batch FROM audit_events) AS numbered
          GROUP BY 1, batch) AS made
    WINDOW wanted AS (ORDER BY piece, first)`);
}
