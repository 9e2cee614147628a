import { decodeJwt } from 'jose';
import type { EntityManager } from 'typeorm';
import { asUserId } from '../src/shared/ids.js';
import type { UserId } from '../src/shared/ids.js';
import { MailSender } from '../src/mail/mail-sender.js';
import { Revocations } from '../src/tokens/revocation/revocations.js';
import { SessionsService } from '../src/tokens/sessions/sessions.service.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { onServer } from './support/database.js';
import { heldOpen } from './support/database-locks.js';
import { eventually } from './support/eventually.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const DAY = 24 * 60 * 60;

type Signed = Answer<Tokens & Problem>;
type Change = (tx: EntityManager, userId: UserId) => Promise<unknown>;

let service: TestApp;
let revocations: Revocations;
let sessions: SessionsService;
let count = 0;

beforeAll(async () => {
  service = await startTestApp();
  revocations = service.app.get(Revocations, { strict: false });
  sessions = service.app.get(SessionsService, { strict: false });
});
afterAll(() => service.close());

interface Account extends Tokens {
  readonly email: string;
  readonly userId: UserId;
}

async function newAccount(): Promise<Account> {
  const email = `in-flight-${++count}@example.com`;
  const tokens = await service.api.newUser(email, PASSWORD);
  await service.sql(`UPDATE users SET roles = '{admin}' WHERE email = $1`, [email]);
  const { body } = await service.api.refresh(tokens.refreshToken);
  // The mail to verify the address makes its link with a look at the account, which would wait for the changes below.
  await service.app.get(MailSender, { strict: false }).drain();
  return { ...body, email, userId: asUserId(decodeJwt(tokens.accessToken).sub ?? '') };
}

const signIn = ({ email }: Account): Promise<Signed> => service.api.post('/api/login', { email, password: PASSWORD });
const refresh = ({ refreshToken }: Tokens): Promise<Signed> => service.api.refresh(refreshToken);
const logoutAll = ({ accessToken }: Tokens): Promise<Answer> => service.api.post('/api/logout/all', {}, accessToken);

/** As the transaction of an admin's change does: the account, its version, and the revocation of what is older. */
const change =
  (columns: string): Change =>
  async (tx, userId) => {
    await tx.query(`UPDATE users SET ${columns}, ver = ver + 1 WHERE id = $1`, [userId]);
    const [user] = await tx.query<{ ver: number }[]>('SELECT ver FROM users WHERE id = $1', [userId]);
    await revocations.append(tx, [{ kind: 'user', subject: userId, minimum: user?.ver ?? 0 }], service.clock.now());
  };
const disable = change('disabled_at = now()');
const disableAndEnd: Change = async (tx, userId) => {
  await disable(tx, userId);
  await sessions.endAllOf(tx, userId, 'admin', service.clock.now());
};
const demote = change(`roles = '{}'`);
const changeCredential = change('credential_version = credential_version + 1');
const everyone: Change = async (tx) => {
  await tx.query('UPDATE deployment SET era = era + 1');
  const [deployment] = await tx.query<{ era: number }[]>('SELECT era FROM deployment');
  const minimum = deployment?.era ?? 0;
  await revocations.append(tx, [{ kind: 'era', subject: '*', minimum }], service.clock.now());
};

async function expectWaiting(requests: number): Promise<void> {
  await eventually(async () => {
    const [waiting] = await service.sql<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect(waiting?.count).toBe(requests);
  });
}

/** Makes a change, starts a request that has to wait for it, and commits. */
function whileUncommitted<Result>(make: Change, userId: UserId, start: () => Promise<Result>): Promise<Result> {
  let started: Promise<Result> | undefined;
  return revocations
    .transaction(async (tx) => {
      await make(tx, userId);
      started = start();
      await expectWaiting(1);
    })
    .then(() => started ?? start());
}

const commit = (make: Change, userId: UserId): Promise<unknown> => revocations.transaction((tx) => make(tx, userId));

function expectRefused(answer: Signed, status: number, code: string): void {
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(answer.text).not.toMatch(/accessToken|refreshToken/);
}

async function expectAccess({ accessToken }: Tokens, code: string): Promise<void> {
  const answer = await service.api.get<Problem>('/api/protected', accessToken);
  expect([answer.status, answer.body.code]).toEqual([401, code]);
}

const sessionsOf = (userId: UserId): Promise<{ live: boolean }[]> =>
  service.sql('SELECT revoked_at IS NULL AS live FROM sessions WHERE user_id = $1 ORDER BY id', [userId]);
const SESSION_TABLE: readonly [string, unknown[]] = ['LOCK TABLE sessions IN SHARE MODE', []];
const rowOf = ({ sessionId }: Tokens): readonly [string, unknown[]] => [
  'SELECT id FROM sessions WHERE id = $1 FOR UPDATE',
  [sessionId],
];

/** Holds a lock while requests are started that have to wait for it, and lets go. @returns what those came to */
async function holding<First, Second = undefined>(
  [text, values]: readonly [string, unknown[]],
  start: () => Promise<readonly [Promise<First>, Promise<Second>?]>,
): Promise<[First, Second | undefined]> {
  const [first, second] = await onServer(async (query) => {
    await query('BEGIN');
    await query(text, values);
    const started = await start();
    await query('COMMIT');
    return started;
  }, service.database.url);
  return Promise.all([first, second]);
}

describe('a sign-in in flight', () => {
  it.each([
    ['its account is disabled', disable],
    ['its account is disabled and its sessions are ended', disableAndEnd],
    ['its password is changed', changeCredential],
    ['its account is deleted', (tx: EntityManager, id: UserId) => tx.query('DELETE FROM users WHERE id = $1', [id])],
  ])('opens no session when %s after the password was checked', async (_, make) => {
    const account = await newAccount();
    const before = (await sessionsOf(account.userId)).length;
    const answer = await whileUncommitted(make, account.userId, () => signIn(account));
    expectRefused(answer, 401, 'invalid_credentials');
    expect((await sessionsOf(account.userId)).length).toBeLessThanOrEqual(before);
  });

  it('gets the rights that are left when its account is demoted, and none of the old', async () => {
    const account = await newAccount();
    const { status, body } = await whileUncommitted(demote, account.userId, () => signIn(account));
    expect(status).toBe(200);
    expect(decodeJwt(body.accessToken)).toMatchObject({ roles: [], ver: 2 });
    expect((await service.api.get('/api/protected', body.accessToken)).body).toMatchObject({ user: { roles: [] } });
    await expectAccess(account, 'token_stale');
  });

  it('belongs to the new era where everyone was signed out before its session was stored', async () => {
    const account = await newAccount();
    const [signedIn] = await holding(SESSION_TABLE, async () => {
      const pending = signIn(account);
      await expectWaiting(1);
      await commit(everyone, account.userId);
      return [pending];
    });
    // It stored its session after that, and says so.
    const [deployment] = await service.sql<{ era: number }>('SELECT era FROM deployment');
    expect(decodeJwt(signedIn.body.accessToken).era).toBe(deployment?.era);
    expect((await service.api.get('/api/protected', signedIn.body.accessToken)).status).toBe(200);
    await expectAccess(account, 'token_revoked');
  });

  it.each([
    ['disabled', disable, 'token_stale', 'session_revoked'],
    ['disabled, and its sessions are ended', disableAndEnd, 'token_revoked', 'session_revoked'],
    ['demoted', demote, 'token_stale', undefined],
  ])('that was first yields a token that is refused when its account is %s next', async (_, make, code, refused) => {
    const account = await newAccount();
    // Both wait: the sign-in to store its session, and the change for the row that the sign-in has locked.
    const [{ status, body }] = await holding(SESSION_TABLE, async () => {
      const pending = signIn(account);
      await expectWaiting(1);
      const changed = commit(make, account.userId);
      await expectWaiting(2);
      return [pending, changed];
    });
    expect(status).toBe(200);
    await expectAccess(body, code);
    const next = await refresh(body);
    expect(next.body.code).toBe(refused);
    if (refused === undefined) expect(decodeJwt(next.body.accessToken)).toMatchObject({ roles: [], ver: 2 });
  });
});

describe('a refresh in flight', () => {
  it.each<[string, Change, string, string | undefined]>([
    ['its account is disabled', disable, 'token_stale', 'session_revoked'],
    ['its account is demoted', demote, 'token_stale', undefined],
    ['everyone is signed out', everyone, 'token_revoked', 'session_revoked'],
  ])('yields a token that is refused when %s after its rights were read', async (_, make, code, refused) => {
    const account = await newAccount();
    // It has read the rights, and waits to advance the session.
    const [answer] = await holding(rowOf(account), async () => {
      const pending = refresh(account);
      await expectWaiting(1);
      await commit(make, account.userId);
      return [pending];
    });
    expect(answer.status).toBe(200);
    await expectAccess(answer.body, code);
    await expectAccess(account, code);
    const next = await refresh(answer.body);
    expect(next.body.code).toBe(refused);
    if (refused !== undefined) return;
    expect((await service.api.get('/api/protected', next.body.accessToken)).status).toBe(200);
  });

  it('leaves no live session when its account is disabled and its sessions are ended, whichever is first', async () => {
    const account = await newAccount();
    const [answer] = await holding(rowOf(account), async () => {
      const both = [refresh(account), commit(disableAndEnd, account.userId)] as const;
      await expectWaiting(2);
      return both;
    });
    if (answer.status === 200) await expectAccess(answer.body, 'token_revoked');
    else expectRefused(answer, 401, 'session_revoked');
    expect(await sessionsOf(account.userId)).toEqual([{ live: false }]);
    expectRefused(await refresh(account), 401, 'session_revoked');
  });

  it.each<[string, Change, string]>([
    ['its session is ended', (tx, id) => sessions.endAllOf(tx, id, 'admin', service.clock.now()), 'session_revoked'],
    ['its account is disabled and its sessions are ended', disableAndEnd, 'session_revoked'],
    ['its account is deleted', (tx, id) => tx.query('DELETE FROM users WHERE id = $1', [id]), 'refresh_invalid'],
  ])('is refused when %s before it could advance', async (_, make, code) => {
    const account = await newAccount();
    expectRefused(await whileUncommitted(make, account.userId, () => refresh(account)), 401, code);
    expect((await sessionsOf(account.userId)).some(({ live }) => live)).toBe(false);
  });

  it('leaves no live session when all are ended just as it would have expired of disuse', async () => {
    const account = await newAccount();
    const other = (await signIn(account)).body;
    service.clock.advance(7 * DAY - 60);
    const fresh = (await refresh(other)).body;
    service.clock.advance(59);
    const [answer, ended] = await holding(rowOf(account), async () => {
      const pending = refresh(account);
      await expectWaiting(1);
      service.clock.advance(2);
      const ending = logoutAll(fresh);
      await Promise.race([ending, expectWaiting(2)]);
      return [pending, ending];
    });
    expect(ended?.status).toBe(204);
    service.clock.advance(-7 * DAY - 1);
    if (answer.status === 200) expectRefused(await refresh(answer.body), 401, 'session_revoked');
    expect((await sessionsOf(account.userId)).some(({ live }) => live)).toBe(false);
  });
});

describe('the loser of a race of refreshes', () => {
  const advance = (by: number): string =>
    `UPDATE sessions SET generation = generation + ${by}, rotated_at = $2, previous_rotated_at = $2 WHERE id = $1`;

  it('gets the same refresh token again where the other advanced the session by one', async () => {
    const account = await newAccount();
    const [one, two] = await holding(rowOf(account), async () => {
      const both = [refresh(account), refresh(account)] as const;
      await expectWaiting(2);
      return both;
    });
    expect([one.status, two?.status]).toEqual([200, 200]);
    expect(one.body.refreshToken).toBe(two?.body.refreshToken);
    const replays = [one, two].map((answer) => answer?.headers.get('x-refresh-replay'));
    expect(replays.sort()).toEqual(['retry', null].sort());
  });

  it('is told that it is superseded where the others advanced the session by two', async () => {
    const account = await newAccount();
    const answer = await heldOpen(service, [advance(2), [account.sessionId, service.clock.now()]], () =>
      refresh(account),
    );
    expectRefused(answer, 409, 'refresh_superseded');
    expect(await sessionsOf(account.userId)).toEqual([{ live: true }]);
  });

  it('is taken for theft where the others advanced the session by three', async () => {
    const account = await newAccount();
    const answer = await heldOpen(service, [advance(3), [account.sessionId, service.clock.now()]], () =>
      refresh(account),
    );
    expectRefused(answer, 401, 'refresh_reused');
    expect(await sessionsOf(account.userId)).toEqual([{ live: false }]);
    await expectAccess(account, 'token_revoked');
  });
});
