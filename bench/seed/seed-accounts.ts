import type { Client } from 'pg';
import { DAY_MS, ipOf, oneOf, someUser, timeAt, userAgentOf, userCreatedMs, userId, uuidAt } from './made-values.js';
import type { Scale } from './made-values.js';

const FIRST =
  'ada alan barbara claude donald edsger frances grace hedy ivan john katherine linus margaret niklaus ole'.split(' ');
const LAST =
  'lovelace turing liskov shannon knuth dijkstra allen hopper lamarr sutherland backus johnson hamilton wirth'.split(
    ' ',
  );
const DOMAINS = ['example.com', 'example.org', 'mail.example.net', 'corp.example', 'post.example'];
const SESSION_DAYS = 90;
const [IDLE_DAYS, ABSOLUTE_DAYS] = [7, 30];
const REASONS = [
  'logout',
  'logout_all',
  'ended_by_user',
  'session_limit',
  'password_changed',
  'admin: reported stolen',
];

/** Users over three years: a few disabled, unverified, with roles, with a second factor. None is an admin. */
export async function seedUsers(client: Client, scale: Scale): Promise<void> {
  await client.query(`
    INSERT INTO users (id, email, email_verified_at, name, password_hash, roles, disabled_at, created_at, last_login_at,
                       mfa_enabled, registration_expires_at)
    SELECT ${userId('n', scale)}, first || '.' || last || n || '@' || ${oneOf(DOMAINS, 'r3')},
           CASE WHEN r4 < 0.9 THEN ${timeAt('ms + 600000')} END,
           CASE WHEN r5 < 0.7 THEN initcap(first || ' ' || last) END,
           '$argon2id$v=19$m=19456,t=2,p=1$' || substr(md5(n::text), 1, 22) || '$' || md5('hash ' || n),
           CASE WHEN r6 < 0.01 THEN '{auditor,support}'::text[] WHEN r6 < 0.05 THEN '{support}' ELSE '{}' END,
           CASE WHEN r7 < 0.02 THEN ${timeAt('ms + 86400000')} END,
           ${timeAt('ms')}, CASE WHEN r4 < 0.85 THEN ${timeAt(`ms + floor((${scale.nowMs} - ms) * r6)`)} END, r5 < 0.1,
           CASE WHEN r4 >= 0.9 THEN ${timeAt(`${scale.nowMs} + r3 * 600000000`)} END
    FROM (SELECT n, ${userCreatedMs('n', scale)} AS ms, ${oneOf(FIRST, 'r1')} AS first, ${oneOf(LAST, 'r2')} AS last,
                 r3, r4, r5, r6, r7
          FROM (SELECT n, random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5, random() AS r6,
                       random() AS r7
                FROM generate_series(0, ${scale.users - 1}) AS n OFFSET 0) AS chance) AS made`);
}

/** Sessions of the last 90 days: one in five revoked, most of the rest expired. */
export async function seedSessions(client: Client, scale: Scale): Promise<void> {
  const startMs = scale.nowMs - SESSION_DAYS * DAY_MS;
  const stepMs = (SESSION_DAYS * DAY_MS) / scale.sessions;
  await client.query(`
    INSERT INTO sessions (id, user_id, generation, salt, secret_id, rotated_at, created_at, last_used_at, idle_expires_at,
                          absolute_expires_at, revoked_at, revoked_reason, ip, user_agent, last_ip, last_user_agent,
                          device_name, amr, authenticated_at)
    SELECT ${uuidAt('ms', "md5('session ' || n)")}, ${userId('u', scale)}, 1 + floor(r2 * 200)::integer,
           decode(md5(n::text) || md5('salt ' || n), 'hex'), 'secret01', ${timeAt('used')}, ${timeAt('ms')}, ${timeAt('used')},
           ${timeAt(`used + ${IDLE_DAYS * DAY_MS}`)}, ${timeAt(`ms + ${ABSOLUTE_DAYS * DAY_MS}`)},
           CASE WHEN r3 < 0.2 THEN ${timeAt(`least(used + 3600000, ${scale.nowMs})`)} END,
           CASE WHEN r3 < 0.2 THEN ${oneOf(REASONS, 'r2')} END,
           ${ipOf('u', 'r4')}, ${userAgentOf('u', 'r2')}, ${ipOf('u', 'r5')}, ${userAgentOf('u', 'r2')},
           CASE WHEN r5 < 0.3 THEN 'Phone' END, CASE WHEN r4 > 0.9 THEN '{pwd,otp}'::text[] ELSE '{pwd}' END, ${timeAt('ms')}
    FROM (SELECT n, u, ms, ms + floor(least(${ABSOLUTE_DAYS * DAY_MS}, ${scale.nowMs} - ms) * r1) AS used, r2, r3, r4, r5
          FROM (SELECT n, ${someUser('random()', scale)} AS u, (${startMs} + floor(n * ${stepMs}::float8))::bigint AS ms,
                       random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5
                FROM generate_series(0, ${scale.sessions - 1}) AS n OFFSET 0) AS chance) AS made`);
}

const FEED_ROWS = 100_000;

/** The feed of an hour in which much was revoked, half of it due for deletion. */
export async function seedRevocations(client: Client): Promise<void> {
  await client.query(`
    INSERT INTO revocations (kind, subject, appended_at, expires_at)
    SELECT 'session', gen_random_uuid()::text, now() - half, now() + interval '35 minutes' - half
    FROM (SELECT n * interval '70 minutes' / ${FEED_ROWS} AS half FROM generate_series(1, ${FEED_ROWS}) AS n) AS made`);
}
