/** What rows are made of, as SQL: nothing of them passes through this process. */

export const DAY_MS = 24 * 60 * 60 * 1000;

/** The sizes of a run, and its present, as milliseconds since 1970. */
export interface Scale {
  readonly users: number;
  readonly sessions: number;
  readonly events: number;
  readonly nowMs: number;
}

/** A UUIDv7 of a time in milliseconds; `noise` is 32 hexadecimal digits. */
export const uuidAt = (ms: string, noise: string): string =>
  `(lpad(to_hex((${ms})::bigint), 12, '0') || '7' || substr(${noise}, 1, 3) || '8' || substr(${noise}, 4, 15))::uuid`;

export const timeAt = (ms: string): string => `date_trunc('milliseconds', to_timestamp((${ms}) / 1000.0))`;

const USERS_SINCE_DAYS = 3 * 365;
/** When the user of a number (from 0) signed up: evenly over the years, so that an id follows from the number alone. */
export const userCreatedMs = (number: string, { users, nowMs }: Scale): string =>
  `(${nowMs - USERS_SINCE_DAYS * DAY_MS} + (${number})::bigint * ${Math.floor((USERS_SINCE_DAYS * DAY_MS) / users)})`;
export const userId = (number: string, scale: Scale): string =>
  uuidAt(userCreatedMs(number, scale), `md5('user ' || (${number}))`);
/** Some are far busier than others. @param random between 0 and 1 */
export const someUser = (random: string, { users }: Scale): string =>
  `least(${users - 1}, floor(${users} * power(${random}, 1.3)))::integer`;

export const oneOf = (values: readonly string[], random: string): string =>
  `(ARRAY[${values.map((value) => `'${value}'`).join(', ')}])[1 + floor(${values.length} * (${random}))::integer]`;

/** A user's own address mostly, IPv4 or IPv6; else that of an office that many share, or anybody's. */
export const ipOf = (user: string, random: string): string => `CASE
  WHEN ${random} < 0.05 THEN inet '10.20.30.0' + (1 + (${user}) % 250)
  WHEN ${random} < 0.20 THEN inet '31.0.0.0' + floor(${random} * 900000000)::bigint
  WHEN (${user}) % 3 = 0 THEN ('2001:db8:' || to_hex((${user}) % 65536) || ':' || to_hex((${user}) / 65536) || '::' ||
                              to_hex(1 + floor(${random} * 60000)::integer))::inet
  ELSE inet '81.0.0.0' + ((${user})::bigint * 7919) % 200000000 END`;

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%s.0 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:%s.0) Gecko/20100101 Firefox/%s.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/%s Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%s.0.0.0 Mobile Safari/537.36',
  'ExampleApp/%s (iOS 18.1)',
  'ExampleApp/%s (Android 15)',
  'okhttp/%s',
];
export const userAgentOf = (user: string, random: string): string =>
  `replace((ARRAY[${AGENTS.map((agent) => `'${agent}'`).join(', ')}])[1 + (${user}) % ${AGENTS.length}], '%s',
   (60 + floor(80 * (${random}))::integer)::text)`;
