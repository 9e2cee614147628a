import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { DataSource } from 'typeorm';
import { decodeRefreshToken } from '../src/tokens/sessions/refresh-token.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { heldOpen } from './support/database-locks.js';
import { startSeparateInstance } from './support/separate-instance.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

type Instance = Awaited<ReturnType<typeof startSeparateInstance>>;

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

let service: TestApp;

beforeAll(async () => {
  service = await startTestApp({ env: { SESSIONS_PER_USER: '1000' } });
});
afterAll(() => service.close());

const signIn = (): Promise<Tokens> => service.api.signIn(ADMIN);
const refresh = (token: string, key?: string): Promise<Answer<Tokens & Problem>> =>
  service.api.refresh(token, key === undefined ? {} : { 'idempotency-key': key });

async function refreshed(token: string, key?: string): Promise<Tokens> {
  const answer = await refresh(token, key);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-refresh-replay')).toBeNull();
  return answer.body;
}

async function expectRepeat(answer: Answer<Tokens & Problem>, expected: Tokens): Promise<void> {
  expect([answer.status, answer.headers.get('x-refresh-replay')]).toEqual([200, 'retry']);
  expect(answer.body.refreshToken).toBe(expected.refreshToken);
  expect(answer.body.accessToken).not.toBe(expected.accessToken);
  await expectGranted(answer.body.accessToken);
}

async function expectRefused(answer: Promise<Answer<Tokens & Problem>>, status: number, code: string): Promise<void> {
  const { status: given, body } = await answer;
  expect([given, body.code]).toEqual([status, code]);
  expect(body).not.toHaveProperty('accessToken');
  expect(body).not.toHaveProperty('refreshToken');
}

async function expectGranted(accessToken: string): Promise<void> {
  expect((await service.api.get('/api/protected', accessToken)).status).toBe(200);
}

async function expectAccessRefused(accessToken: string, code: string): Promise<void> {
  const answer = await service.api.get<Problem>('/api/protected', accessToken);
  expect([answer.status, answer.body.code]).toEqual([401, code]);
}

async function rowOf({ sessionId }: Tokens): Promise<Record<string, unknown>> {
  const [found] = await service.sql<Record<string, unknown>>('SELECT * FROM sessions WHERE id = $1', [sessionId]);
  return found ?? {};
}

describe('refreshing', () => {
  it('goes on for as long as the client always presents the newest token', async () => {
    const first = await signIn();
    let tokens = first;
    for (let step = 2; step <= 12; step += 1) {
      tokens = await refreshed(tokens.refreshToken);
      expect(tokens.sessionId).toBe(first.sessionId);
      expect(await rowOf(tokens)).toMatchObject({ generation: step });
      await expectGranted(tokens.accessToken);
      service.clock.advance(MINUTE);
    }
    await expectGranted(first.accessToken);
  });

  it('costs one row a session however often it is refreshed, and stores neither the token nor a hash of it', async () => {
    let tokens = await signIn();
    const count = async (): Promise<unknown> => service.sql('SELECT count(*) FROM sessions');
    const before = await count();
    for (let step = 0; step < 20; step += 1) tokens = await refreshed(tokens.refreshToken);
    expect(await count()).toEqual(before);
    const row = Object.values(await rowOf(tokens)).map((value) =>
      Buffer.isBuffer(value) ? value.toString('hex') : String(value),
    );
    const token = Buffer.from(tokens.refreshToken.slice(3), 'base64url');
    const traces = [tokens.refreshToken, token.toString('hex'), token.subarray(25).toString('hex')].concat(
      [tokens.refreshToken, tokens.refreshToken.slice(3), token].map((text) =>
        createHash('sha256').update(text).digest('hex'),
      ),
    );
    for (const trace of traces) expect(row.join(' ')).not.toContain(trace);
  });

  it('tells roles and versions as they are then, not as they were at the sign-in', async () => {
    const tokens = await service.api.newUser('roles@example.com');
    await service.sql(`UPDATE users SET roles = '{auditor}', ver = 7 WHERE id = $1`, [
      decodeJwt(tokens.accessToken).sub,
    ]);
    const next = await refreshed(tokens.refreshToken);
    expect(decodeJwt(next.accessToken)).toMatchObject({ roles: ['auditor'], ver: 7, amr: ['pwd'] });
    expect(decodeJwt(next.accessToken).auth_time).toBe(decodeJwt(tokens.accessToken).auth_time);
  });

  it('is refused to an account that has been disabled', async () => {
    const tokens = await service.api.newUser('disabled@example.com');
    await service.sql('UPDATE users SET disabled_at = now() WHERE id = $1', [decodeJwt(tokens.accessToken).sub]);
    await expectRefused(refresh(tokens.refreshToken), 401, 'session_revoked');
  });

  it('is refused, as noise, to an account that has been deleted', async () => {
    const tokens = await service.api.newUser('deleted@example.com');
    await service.sql('DELETE FROM users WHERE id = $1', [decodeJwt(tokens.accessToken).sub]);
    await expectRefused(refresh(tokens.refreshToken), 401, 'refresh_invalid');
  });
});

describe('fifty parallel refreshes of one token', () => {
  it('end in one generation and lose no session', async () => {
    const tokens = await signIn();
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(tokens.refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('x-refresh-replay') === 'retry')).toHaveLength(49);
    expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(50);
    expect(await rowOf(tokens)).toMatchObject({ generation: 2, revoked_at: null });
    await refreshed(answers[0]?.body.refreshToken ?? '');
  });
});

describe('a token that was spent', () => {
  it('repeats its answer within the grace, as often as it comes, and nothing advances', async () => {
    const first = await signIn();
    const second = await refreshed(first.refreshToken);
    const row = await rowOf(first);
    await expectRepeat(await refresh(first.refreshToken), second);
    service.clock.advance(29);
    await expectRepeat(await refresh(first.refreshToken), second);
    expect(await rowOf(first)).toEqual(row);
    await refreshed(second.refreshToken);
  });

  it('revokes its session at once when it comes back after the grace', async () => {
    const first = await signIn();
    const second = await refreshed(first.refreshToken);
    service.clock.advance(31);
    await expectRefused(refresh(first.refreshToken), 401, 'refresh_reused');
    await expectAccessRefused(first.accessToken, 'token_revoked');
    await expectAccessRefused(second.accessToken, 'token_revoked');
    await expectRefused(refresh(second.refreshToken), 401, 'session_revoked');
    await expectRefused(refresh(first.refreshToken), 401, 'session_revoked');
    expect(await rowOf(first)).toMatchObject({ revoked_reason: 'refresh_reuse', generation: 2 });
  });

  it('ends no other session of the user when it comes back', async () => {
    const other = await signIn();
    const first = await signIn();
    await refreshed(first.refreshToken);
    service.clock.advance(31);
    await expectRefused(refresh(first.refreshToken), 401, 'refresh_reused');
    await refreshed(other.refreshToken);
  });

  it('repeats no more once its successor has been presented', async () => {
    const first = await signIn();
    const second = await refreshed(first.refreshToken);
    const third = await refreshed(second.refreshToken);
    const row = await rowOf(first);
    await expectRefused(refresh(first.refreshToken), 409, 'refresh_superseded');
    expect(await rowOf(first)).toEqual(row);
    await expectGranted(third.accessToken);
    await expectRepeat(await refresh(second.refreshToken), third);
    await refreshed(third.refreshToken);
  });

  it('revokes when it is two steps behind and was not spent a moment ago', async () => {
    const first = await signIn();
    const second = await refreshed(first.refreshToken);
    service.clock.advance(31);
    await refreshed(second.refreshToken);
    await expectRefused(refresh(first.refreshToken), 401, 'refresh_reused');
  });

  it('revokes when it is three steps behind, however fast they were', async () => {
    const first = await signIn();
    let tokens = first;
    for (let step = 0; step < 3; step += 1) tokens = await refreshed(tokens.refreshToken);
    await expectRefused(refresh(first.refreshToken), 401, 'refresh_reused');
    await expectAccessRefused(tokens.accessToken, 'token_revoked');
  });
});

describe('a refresh with an Idempotency-Key', () => {
  it('repeats its answer at any later time', async () => {
    const first = await signIn();
    const second = await refreshed(first.refreshToken, 'key-1');
    service.clock.advance(DAY);
    await expectRepeat(await refresh(first.refreshToken, 'key-1'), second);
    service.clock.advance(DAY);
    await expectRepeat(await refresh(first.refreshToken, 'key-1'), second);
    await refreshed(second.refreshToken, 'key-2');
  });

  it.each([
    ['with another key', 'key-2'],
    ['with none', undefined],
  ])('is theft when it comes back after the grace %s', async (_, key) => {
    const first = await signIn();
    await refreshed(first.refreshToken, 'key-1');
    service.clock.advance(31);
    await expectRefused(refresh(first.refreshToken, key), 401, 'refresh_reused');
  });

  it('repeats no more once its successor was presented, with the key or without', async () => {
    const first = await signIn();
    const second = await refreshed(first.refreshToken, 'key');
    await refreshed(second.refreshToken, 'key');
    service.clock.advance(31);
    await expectRefused(refresh(first.refreshToken, 'key'), 401, 'refresh_reused');
  });

  it('keeps no key but its hash', async () => {
    const tokens = await signIn();
    await refreshed(tokens.refreshToken, 'anna-at-home');
    expect(await rowOf(tokens)).toMatchObject({
      idempotency_key_hash: createHash('sha256').update('anna-at-home').digest(),
    });
  });

  it.each([
    ['empty', ''],
    ['with a space', 'a b'],
    ['of 256 characters', 'x'.repeat(256)],
  ])('refuses a key that is %s, and leaves the token unspent', async (_, key) => {
    const tokens = await signIn();
    await expectRefused(refresh(tokens.refreshToken, key), 400, 'validation_failed');
    await refreshed(tokens.refreshToken);
  });
});

describe('a database that went back in time', () => {
  it('has its sessions go on from the generation that the client has', async () => {
    let tokens = await signIn();
    for (let step = 0; step < 4; step += 1) tokens = await refreshed(tokens.refreshToken);
    await service.sql('UPDATE sessions SET generation = generation - 2 WHERE id = $1', [tokens.sessionId]);
    const next = await refreshed(tokens.refreshToken);
    expect(await rowOf(tokens)).toMatchObject({ generation: 6 });
    await expectRepeat(await refresh(tokens.refreshToken), next);
    await refreshed(next.refreshToken);
  });
});

describe('what is no refresh token of ours', () => {
  const altered = (token: string, change: (bytes: Buffer) => void): string => {
    const bytes = Buffer.from(token.slice(3), 'base64url');
    change(bytes);
    return `rt_${bytes.toString('base64url')}`;
  };
  const flip =
    (at: number) =>
    (token: string): string =>
      altered(token, (bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at));

  it.each<[string, (token: string) => string]>([
    ['with a bit of its MAC flipped', flip(56)],
    ['with another MAC', (token) => altered(token, (bytes) => bytes.fill(7, 25))],
    ['raised by a generation', (token) => altered(token, (bytes) => bytes.writeUInt32BE(2, 21))],
    ['naming another session', flip(20)],
    ['naming another secret', flip(1)],
  ])('is refused %s, and nothing changes', async (_, forge) => {
    const tokens = await signIn();
    const row = await rowOf(tokens);
    const forged = forge(tokens.refreshToken);
    expect(decodeRefreshToken(forged)).toBeDefined();
    await expectRefused(refresh(forged), 401, 'refresh_invalid');
    expect(await rowOf(tokens)).toEqual(row);
    await refreshed(tokens.refreshToken);
  });

  it('is refused with the MAC of another session', async () => {
    const [one, other] = [await signIn(), await signIn()];
    const mac = Buffer.from(other.refreshToken.slice(3), 'base64url').subarray(25);
    await expectRefused(refresh(altered(one.refreshToken, (bytes) => mac.copy(bytes, 25))), 401, 'refresh_invalid');
    await refreshed(one.refreshToken);
    await refreshed(other.refreshToken);
  });

  it('is refused where another deployment made it', async () => {
    const other = await startSeparateInstance();
    try {
      const foreign = await other.api.signIn(ADMIN);
      await expectRefused(refresh(foreign.refreshToken), 401, 'refresh_invalid');
    } finally {
      await other.close();
    }
  });

  it('never reaches the database where its form is wrong', async () => {
    const tokens = await signIn();
    const queries = jest.spyOn(service.app.get(DataSource), 'query');
    const sessionReads = (): number => queries.mock.calls.filter(([text]) => text.includes('sessions')).length;
    try {
      const wrong = [
        tokens.accessToken.slice(0, 200),
        tokens.refreshToken.slice(0, -1),
        `${tokens.refreshToken}A`,
        tokens.refreshToken.slice(3),
        tokens.refreshToken.toUpperCase(),
        `rt_${'A'.repeat(76)}`,
        ` ${tokens.refreshToken}`,
        'x',
        '\u0000',
        "' OR 1=1 --",
      ];
      for (const token of wrong) await expectRefused(refresh(token), 401, 'refresh_invalid');
      expect(sessionReads()).toBe(0);
      await expectRefused(refresh(flip(56)(tokens.refreshToken)), 401, 'refresh_invalid');
      expect(sessionReads()).toBe(1);
    } finally {
      queries.mockRestore();
    }
  });

  it('is an access token, whole', async () => {
    const { accessToken, refreshToken } = await signIn();
    await expectRefused(refresh(accessToken), 401, 'refresh_invalid');
    await refreshed(refreshToken);
  });

  it.each([
    [{}],
    [{ refreshToken: null }],
    [{ refreshToken: 1 }],
    [{ refreshToken: ['x'] }],
    [{ refreshToken: '' }],
    [[]],
  ])('is refused as invalid input: %j', async (json) => {
    const answer = await service.api.send<Problem>('POST', '/api/refresh', { json });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
  });
});

describe('the end of a session', () => {
  const sessionIn = async ({ accessToken, sessionId }: Tokens): Promise<unknown> => {
    const answer = await service.api.get<{ items: { id: string }[] }>('/api/me/sessions?limit=100', accessToken);
    return answer.body.items.find(({ id }) => id === sessionId);
  };

  it('comes by disuse after seven days', async () => {
    const tokens = await service.api.newUser('idle@example.com');
    expect(await sessionIn(tokens)).toMatchObject({ expiresBy: 'idle' });
    service.clock.advance(7 * DAY - MINUTE);
    const next = await refreshed(tokens.refreshToken);
    expect(next.refreshExpiresIn).toBe(7 * DAY);
    service.clock.advance(7 * DAY);
    await expectRefused(refresh(next.refreshToken), 401, 'refresh_expired');
    await expectRefused(refresh(tokens.refreshToken), 401, 'refresh_expired');
  });

  it('comes by age after thirty days, however often it is refreshed, and no access token outlives it', async () => {
    let tokens = await service.api.newUser('absolute@example.com');
    for (let week = 0; week < 4; week += 1) {
      service.clock.advance(6 * DAY);
      tokens = await refreshed(tokens.refreshToken);
    }
    expect(await sessionIn(tokens)).toMatchObject({ expiresBy: 'absolute' });
    service.clock.advance(6 * DAY - 5 * MINUTE);
    const last = await refreshed(tokens.refreshToken);
    expect(last.refreshExpiresIn).toBeLessThanOrEqual(5 * MINUTE);
    expect(last.expiresIn).toBeLessThanOrEqual(5 * MINUTE);
    const { absolute_expires_at: end } = await rowOf(last);
    expect(decodeJwt(last.accessToken).exp).toBe(Math.floor(Number(end) / 1000));
    await expectGranted(last.accessToken);
    service.clock.advance(5 * MINUTE);
    await expectAccessRefused(last.accessToken, 'token_expired');
    await expectRefused(refresh(last.refreshToken), 401, 'refresh_expired');
  });

  it('is not outlived by the access token of a late repeat either', async () => {
    const first = await service.api.newUser('repeat@example.com');
    await refreshed(first.refreshToken, 'key');
    service.clock.advance(7 * DAY - MINUTE);
    const repeat = await refresh(first.refreshToken, 'key');
    expect(repeat.status).toBe(200);
    expect(repeat.body.expiresIn).toBeLessThanOrEqual(MINUTE);
    service.clock.advance(MINUTE);
    await expectAccessRefused(repeat.body.accessToken, 'token_expired');
  });
});

describe('a refresh and a revocation at once', () => {
  const ADVANCE = 'UPDATE sessions SET generation = generation + 1, rotated_at = now() WHERE id = $1';

  it.each<[string, (tokens: Tokens) => Promise<Answer>]>([
    ['a sign-out', ({ accessToken }) => service.api.post('/api/logout', {}, accessToken)],
    ['a sign-out by refresh token', ({ refreshToken }) => service.api.post('/api/logout', { refreshToken })],
    ['a sign-out everywhere', ({ accessToken }) => service.api.post('/api/logout/all', {}, accessToken)],
    ['an admin', ({ accessToken, sessionId }) => service.api.delete(`/api/admin/sessions/${sessionId}`, accessToken)],
  ])('never leave a live session: the refresh in flight when it is ended by %s', async (_, end) => {
    const tokens = await signIn();
    const ended = await heldOpen(service, [ADVANCE, [tokens.sessionId]], () => end(tokens));
    expect(ended.status).toBe(204);
    expect(await rowOf(tokens)).toMatchObject({ generation: 2, revoked_at: expect.any(Date) as Date });
    await expectAccessRefused(tokens.accessToken, 'token_revoked');
    await expectRefused(refresh(tokens.refreshToken), 401, 'session_revoked');
  });

  it('never leave a live session: the revocation in flight when it is refreshed', async () => {
    const tokens = await signIn();
    const revoke = `UPDATE sessions SET revoked_at = now(), revoked_reason = 'admin' WHERE id = $1`;
    const answer = await heldOpen(service, [revoke, [tokens.sessionId]], () => refresh(tokens.refreshToken));
    expect([answer.status, answer.body.code]).toEqual([401, 'session_revoked']);
    expect(await rowOf(tokens)).toMatchObject({ generation: 1 });
  });

  it('never leave a live session, in any order of forty races', async () => {
    for (let round = 0; round < 40; round += 1) {
      const tokens = await signIn();
      const [raced, ended] = await Promise.all([
        refresh(tokens.refreshToken),
        service.api.post('/api/logout', {}, tokens.accessToken),
      ]);
      expect(ended.status).toBe(204);
      expect([200, 401]).toContain(raced.status);
      await expectAccessRefused(tokens.accessToken, 'token_revoked');
      if (raced.status !== 200) continue;
      await expectAccessRefused(raced.body.accessToken, 'token_revoked');
      await expectRefused(refresh(raced.body.refreshToken), 401, 'session_revoked');
    }
  });

  it('of a reuse and a refresh: the thief gets nothing that lives', async () => {
    const first = await signIn();
    const second = await refreshed(first.refreshToken);
    service.clock.advance(31);
    const [stolen, rightful] = await Promise.all([refresh(first.refreshToken), refresh(second.refreshToken)]);
    expect([stolen.status, stolen.body.code]).toEqual([401, 'refresh_reused']);
    if (rightful.status === 200) await expectAccessRefused(rightful.body.accessToken, 'token_revoked');
    expect(await rowOf(first)).toMatchObject({ revoked_reason: 'refresh_reuse' });
  });
});

describe('rotating REFRESH_SECRET in three roll-outs', () => {
  it('loses no session that is refreshed in each of them', async () => {
    const [oldSecret, newSecret, jwtSecret] = [randomSecret(), randomSecret(), randomSecret()];
    const instance = (secrets: string, from?: Instance): Promise<Instance> =>
      startSeparateInstance({
        env: { REFRESH_SECRET: secrets, JWT_SECRET: jwtSecret },
        ...(from && { database: from.database }),
      });
    const first = await instance(`${oldSecret},${newSecret}`);
    const second = await instance(`${newSecret},${oldSecret}`, first);
    let third: Instance | undefined;
    try {
      const one = await first.api.signIn(ADMIN);
      const untouched = await first.api.signIn(ADMIN);
      const two = await second.api.refresh(one.refreshToken);
      expect(two.status).toBe(200);
      // Each instance repeats what the other made, with the secret that made it.
      const repeated = await first.api.refresh(one.refreshToken);
      expect([repeated.status, repeated.body.refreshToken]).toEqual([200, two.body.refreshToken]);
      const three = await first.api.refresh(two.body.refreshToken);
      const again = await second.api.refresh(two.body.refreshToken);
      expect([again.status, again.body.refreshToken]).toEqual([200, three.body.refreshToken]);
      const four = await second.api.refresh(three.body.refreshToken);

      third = await instance(newSecret, first);
      const five = await third.api.refresh(four.body.refreshToken);
      expect(five.status).toBe(200);
      expect((await third.api.refresh(five.body.refreshToken)).status).toBe(200);
      // What the dropped secret made is noise now, and revokes nothing.
      for (const token of [three.body.refreshToken, untouched.refreshToken]) {
        expect((await third.api.refresh(token)).body.code).toBe('refresh_invalid');
      }
      expect((await first.api.refresh(untouched.refreshToken)).status).toBe(200);
    } finally {
      await third?.close();
      await second.close();
      await first.close();
    }
  });
});
