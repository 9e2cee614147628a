import type { Client } from 'pg';
import { DAY_MS } from './seed/made-values.js';

/** Values to ask with, taken from what is there: the common and the rare, since a planner treats them differently. */
export type Samples = Readonly<
  Record<
    | 'busyUser'
    | 'busyEmail'
    | 'quietUser'
    | 'session'
    // Of one person, and of an office that many share.
    | 'ownIp'
    | 'officeIp'
    | 'userAgent'
    | 'hourAgo'
    | 'dayAgo'
    | 'monthsAgo'
    | 'yearAgo',
    string
  >
>;

const one = async <Row extends object>(client: Client, text: string): Promise<Row> => {
  const [row] = (await client.query<Row>(text)).rows;
  if (row === undefined) throw new Error(`nothing to ask with: ${text}`);
  return row;
};

export async function takeSamples(client: Client, nowMs: number): Promise<Samples> {
  const busy = await one<{ id: string; email: string }>(
    client,
    `SELECT id, email FROM users WHERE disabled_at IS NULL AND email_verified_at IS NOT NULL
     ORDER BY (SELECT count(*) FROM sessions WHERE user_id = users.id) DESC, id LIMIT 1`,
  );
  const quiet = await one<{ user_id: string; id: string; ip: string; user_agent: string }>(
    client,
    `SELECT user_id, id, host(ip) AS ip, user_agent FROM sessions WHERE NOT ip <<= '10.0.0.0/8' ORDER BY id DESC LIMIT 1`,
  );
  const before = (days: number): string => new Date(nowMs - days * DAY_MS).toISOString();
  return {
    busyUser: busy.id,
    busyEmail: busy.email,
    quietUser: quiet.user_id,
    session: quiet.id,
    ownIp: quiet.ip,
    officeIp: '10.20.30.7',
    userAgent: quiet.user_agent,
    hourAgo: before(1 / 24),
    dayAgo: before(1),
    monthsAgo: before(80),
    yearAgo: before(380),
  };
}
