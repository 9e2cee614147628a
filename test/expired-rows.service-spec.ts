import { randomBytes, randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { entities } from '../ormconfig.js';
import { FORGOTTEN_GUESSES } from '../src/auth/guesses/forgotten-guesses.js';
import { EXPIRED_CHALLENGES } from '../src/auth/mfa/expired-challenges.js';
import type { ExpiredRows } from '../src/cleanup/expired-rows.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { ABANDONED_MAIL } from '../src/mail/abandoned-mail.js';
import { addSeconds } from '../src/shared/clock.js';
import { RETIRED_KEYS } from '../src/tokens/keys/retired-keys.js';
import { EXPIRED_REVOCATIONS } from '../src/tokens/revocation/expired-revocations.js';
import { SPENT_ERA_RAISES } from '../src/tokens/session-control/spent-era-raises.js';
import { ENDED_SESSIONS } from '../src/tokens/sessions/ended-sessions.js';
import { EXPIRED_LINKS } from '../src/users/expired-links.js';
import { UNFINISHED_ENROLMENTS } from '../src/users/mfa/unfinished-enrolments.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';

const [MINUTE, HOUR, DAY] = [60, 60 * 60, 24 * 60 * 60];
/** When the time of the rows begins that are made here. */
const AT = new Date('2026-11-24T12:00:00.123Z');
const LONG_AFTER = addSeconds(AT, 3_650 * DAY);

/** Each raise is of another era, all of them over. */
let eras = 1;
let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = new DataSource({
    ...dataSourceOptions({ url: database.url, purpose: 'requests', poolSize: 4 }),
    entities,
  });
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});
beforeEach(async () => {
  await dataSource.query(
    'TRUNCATE users, sessions, action_links, mfa_challenges, totp_factors, guesses, revocations, mail_outbox, signing_keys, era_raises CASCADE',
  );
  await dataSource.query('UPDATE deployment SET era = 1, ended_era = 1');
});

const newUser = async (): Promise<string> => {
  const id = randomUUID();
  await dataSource.query('INSERT INTO users (id, email, created_at) VALUES ($1, $2, $3)', [
    id,
    `${id}@example.com`,
    AT,
  ]);
  return id;
};

/** A session that may live until then. */
async function storeSession(end: Date, state: 'live' | 'revoked', { era = 1, createdAt = AT } = {}): Promise<void> {
  await dataSource.query(
    `INSERT INTO sessions (id, user_id, salt, secret_id, created_at, last_used_at, authenticated_at, idle_expires_at,
                           absolute_expires_at, ip, last_ip, amr, revoked_at, era)
     VALUES ($1, $2, $3, 'none', $4, $4, $4, $5, $6, '192.0.2.1', '192.0.2.1', '{pwd}', $7, $8)`,
    [
      ...[randomUUID(), await newUser(), randomBytes(32), createdAt, addSeconds(AT, 1), end],
      ...[state === 'revoked' ? AT : null, era],
    ],
  );
}

const storeGuesses = (windowEndsAt: Date, streak: number, blockedUntil?: string): Promise<unknown> =>
  dataSource.query(
    'INSERT INTO guesses (bucket, tries, failed, streak, window_ends_at, blocked_until) VALUES ($1, 1, 1, $2, $3, $4)',
    [randomBytes(32), streak, windowEndsAt, blockedUntil ?? null],
  );

async function storeKey(state: string, retiredAt: Date | null): Promise<void> {
  await dataSource.query(
    `INSERT INTO signing_keys (kid, algorithm, state, public_jwk, created_at, retired_at) VALUES ($1, 'ES256', $2, '{}', $3, $4)`,
    [randomUUID(), state, AT, retiredAt],
  );
}

const storeRaise = (raisedAt: Date, era: number): Promise<unknown> =>
  dataSource.query(`INSERT INTO era_raises (era, raised_at, raised_by, reason) VALUES ($1, $2, $3, 'leak')`, [
    era,
    raisedAt,
    randomUUID(),
  ]);

async function storeChallenge(at: Date): Promise<void> {
  await dataSource.query(
    `INSERT INTO mfa_challenges (token_hash, user_id, credential_version, refresh_token_in, created_at, expires_at)
     VALUES ($1, $2, 1, 'body', $3, $3)`,
    [randomBytes(32), await newUser(), at],
  );
}

async function storeLink(at: Date): Promise<void> {
  await dataSource.query(
    `INSERT INTO action_links (user_id, purpose, token_hash, email, created_at, expires_at)
     VALUES ($1, 'password_reset', $2, 'ada@example.com', $3, $3)`,
    [await newUser(), randomBytes(32), at],
  );
}

async function storeFactor(createdAt: Date, confirmedAt: Date | null): Promise<void> {
  await dataSource.query(
    `INSERT INTO totp_factors (user_id, sealed_secret, created_at, confirmed_at) VALUES ($1, '\\x00', $2, $3)`,
    [await newUser(), createdAt, confirmedAt],
  );
}

const storeRevocation = (at: Date): Promise<unknown> =>
  dataSource.query(`INSERT INTO revocations (kind, subject, expires_at) VALUES ('token', $1, $2)`, [randomUUID(), at]);

const storeMail = (at: Date): Promise<unknown> =>
  dataSource.query(
    `INSERT INTO mail_outbox (id, purpose, recipient, details, created_at, next_attempt_at)
     VALUES ($1, 'password_reset', 'ada@example.com', '{}', $2, $2)`,
    [randomUUID(), at],
  );

const [EXPIRED_SESSIONS, REVOKED_SESSIONS] = ENDED_SESSIONS;
if (!EXPIRED_SESSIONS || !REVOKED_SESSIONS) throw new Error('there are two kinds of ended sessions');

/** @returns how many rows went */
const clean = async (kind: ExpiredRows, now: Date): Promise<number> => {
  const order = { now, limit: kind.atMost, from: undefined };
  return (await dataSource.transaction((tx) => kind.deleteBatch(tx, order))).deleted;
};

interface Case {
  readonly kind: ExpiredRows;
  readonly table: string;
  /** How long a row is kept after the time that it was made with. */
  readonly keptSeconds: number;
  readonly store: (at: Date) => Promise<unknown>;
}

const cases: readonly (readonly [title: string, Case])[] = [
  [
    'a session that expired goes thirty days after it could have lived at most',
    { kind: EXPIRED_SESSIONS, table: 'sessions', keptSeconds: 30 * DAY, store: (at) => storeSession(at, 'live') },
  ],
  [
    'a session that was revoked goes thirty days after it could have lived at most',
    { kind: REVOKED_SESSIONS, table: 'sessions', keptSeconds: 30 * DAY, store: (at) => storeSession(at, 'revoked') },
  ],
  [
    'a mailed link goes a minute after its end',
    { kind: EXPIRED_LINKS, table: 'action_links', keptSeconds: MINUTE, store: storeLink },
  ],
  [
    'a second step goes a minute after its end',
    { kind: EXPIRED_CHALLENGES, table: 'mfa_challenges', keptSeconds: MINUTE, store: storeChallenge },
  ],
  [
    'an authenticator that was never confirmed goes after an hour',
    {
      kind: UNFINISHED_ENROLMENTS,
      table: 'totp_factors',
      keptSeconds: HOUR,
      store: (at) => storeFactor(at, null),
    },
  ],
  [
    'a revocation goes when no live token can meet it',
    { kind: EXPIRED_REVOCATIONS, table: 'revocations', keptSeconds: 0, store: storeRevocation },
  ],
  [
    'a mail goes after four days, a day after it should have been given up',
    { kind: ABANDONED_MAIL, table: 'mail_outbox', keptSeconds: 4 * DAY, store: storeMail },
  ],
  [
    'a signing key goes four hundred days after it was retired',
    { kind: RETIRED_KEYS, table: 'signing_keys', keptSeconds: 400 * DAY, store: (at) => storeKey('retired', at) },
  ],
  [
    'the record of a sign-out of everyone goes after four hundred days',
    {
      kind: SPENT_ERA_RAISES,
      table: 'era_raises',
      keptSeconds: 400 * DAY,
      store: (at) => storeRaise(at, --eras),
    },
  ],
  [
    'a count of a window goes with the window',
    { kind: FORGOTTEN_GUESSES, table: 'guesses', keptSeconds: 0, store: (at) => storeGuesses(at, 0) },
  ],
  [
    'a single wrong one is remembered for four days',
    { kind: FORGOTTEN_GUESSES, table: 'guesses', keptSeconds: 4 * DAY, store: (at) => storeGuesses(at, 1) },
  ],
  [
    'ninety-nine wrong ones in a row are remembered for over a year',
    { kind: FORGOTTEN_GUESSES, table: 'guesses', keptSeconds: 396 * DAY, store: (at) => storeGuesses(at, 99) },
  ],
  [
    'a longer row, of before there was a limit, no longer than a hundred',
    { kind: FORGOTTEN_GUESSES, table: 'guesses', keptSeconds: 400 * DAY, store: (at) => storeGuesses(at, 9_999) },
  ],
];

describe('what has expired', () => {
  it.each(cases)('%s, and not a millisecond before', async (_, { kind, table, keptSeconds, store }) => {
    await store(AT);
    const due = addSeconds(AT, keptSeconds);
    const before = new Date(due.getTime() - 1);
    expect([await kind.oldest(dataSource, before), await clean(kind, before)]).toEqual([undefined, 0]);
    expect([await kind.oldest(dataSource, due), await clean(kind, due)]).toEqual([due, 1]);
    expect(await dataSource.query(`SELECT FROM ${table}`)).toEqual([]);
  });

  it.each(cases)('%s, unless somebody has it locked', async (_, { kind, table, store }) => {
    for (let row = 0; row < 3; row += 1) await store(addSeconds(AT, row));
    await onServer(async (query) => {
      await query('BEGIN');
      await query(`SELECT FROM ${table} LIMIT 1 FOR UPDATE`);
      expect(await clean(kind, LONG_AFTER)).toBe(2);
      expect(await kind.oldest(dataSource, LONG_AFTER)).toBeDefined();
      await query('ROLLBACK');
    }, database.url);
    expect([await clean(kind, LONG_AFTER), await kind.oldest(dataSource, LONG_AFTER)]).toEqual([1, undefined]);
  });

  it('goes the longest due first', async () => {
    for (const seconds of [30, 10, 20]) await storeRevocation(addSeconds(AT, seconds));
    const batch = await dataSource.transaction((tx) =>
      EXPIRED_REVOCATIONS.deleteBatch(tx, { now: LONG_AFTER, limit: 2, from: undefined }),
    );
    expect(batch).toEqual({ deleted: 2, until: addSeconds(AT, 20) });
    expect(await EXPIRED_REVOCATIONS.oldest(dataSource, LONG_AFTER)).toEqual(addSeconds(AT, 30));
  });
});

describe('what stays, whatever the time', () => {
  it('a hundred wrong ones in a row, until a reset or an admin forgives them', async () => {
    await storeGuesses(AT, 100, 'infinity');
    expect(await clean(FORGOTTEN_GUESSES, LONG_AFTER)).toBe(0);
  });

  it('a confirmed authenticator', async () => {
    await storeFactor(AT, AT);
    expect(await clean(UNFINISHED_ENROLMENTS, LONG_AFTER)).toBe(0);
  });

  it('a signing key that is not retired', async () => {
    for (const state of ['pending', 'active', 'retiring']) await storeKey(state, null);
    expect(await clean(RETIRED_KEYS, LONG_AFTER)).toBe(0);
  });

  it('the record of a sign-out of everyone while a session of before is left, or its row may not say yet that it ended', async () => {
    await storeRaise(AT, 2);
    await dataSource.query('UPDATE deployment SET era = 2');
    expect(await clean(SPENT_ERA_RAISES, LONG_AFTER)).toBe(0);
    await dataSource.query('UPDATE deployment SET ended_era = 2');
    await storeSession(AT, 'revoked', { createdAt: addSeconds(AT, HOUR - 1) });
    expect(await clean(SPENT_ERA_RAISES, LONG_AFTER)).toBe(0);
    await dataSource.query('UPDATE sessions SET created_at = $1', [addSeconds(AT, HOUR)]);
    expect(await clean(SPENT_ERA_RAISES, LONG_AFTER)).toBe(1);
  });

  it('a session that disuse has ended, for as long as its tokens say that it could live', async () => {
    await storeSession(LONG_AFTER, 'live');
    for (const kind of ENDED_SESSIONS) expect(await clean(kind, LONG_AFTER)).toBe(0);
  });
});
