import { DataSource } from 'typeorm';
import { Cleanup } from '../src/cleanup/cleanup.js';
import { GuessCounters } from '../src/auth/guesses/guess-counters.js';
import { Metrics } from '../src/observability/metrics.js';
import { ENDED_SESSIONS } from '../src/tokens/sessions/ended-sessions.js';
import { EraSweep } from '../src/tokens/session-control/era-sweep.js';
import { cleanUp } from './support/cleanup.js';
import { eventually } from './support/eventually.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem } from './support/problem.js';
import { storeMany } from './support/stored-sessions.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const DAY = 24 * 60 * 60;
const PASSWORD = 'seven quiet otters juggling';
const [EXPIRED_SESSIONS] = ENDED_SESSIONS;
if (!EXPIRED_SESSIONS) throw new Error('sessions that expired are a kind');

let service: TestApp;
let users = 0;
const freshAddress = (): string => `user${++users}@example.com`;

beforeAll(async () => {
  service = await startTestApp();
});
afterAll(() => service.close());

/** Moves the last moment that the session could have lived to. */
const couldLiveUntil = (id: string, daysAgo: number): Promise<unknown> =>
  service.sql('UPDATE sessions SET absolute_expires_at = $2 WHERE id = $1', [
    id,
    new Date(service.clock.now().getTime() - daysAgo * DAY * 1000),
  ]);
const eventTypes = async (sessionId: string): Promise<string[]> =>
  (
    await service.sql<{ type: string }>('SELECT type FROM audit_events WHERE session_id = $1 ORDER BY id', [sessionId])
  ).map(({ type }) => type);

describe('the refresh token of a session that has ended', () => {
  it('is told so for thirty days after it could have lived at most; then it is nobody’s, without an alarm', async () => {
    const expired = await service.api.signIn(ADMIN);
    const revoked = await service.api.signIn(ADMIN);
    expect((await service.api.post('/api/logout', {}, revoked.accessToken)).status).toBe(204);
    const answers = async (): Promise<(string | undefined)[]> =>
      Promise.all(
        [expired, revoked].map(async ({ refreshToken }) => {
          const answer = await service.api.refresh(refreshToken);
          expect(answer.status).toBe(401);
          return (answer.body as { code?: string }).code;
        }),
      );
    for (const { sessionId } of [expired, revoked]) await couldLiveUntil(sessionId, 29.99);
    await cleanUp(service);
    expect(await answers()).toEqual(['refresh_expired', 'session_revoked']);
    const before = await Promise.all([expired, revoked].map(({ sessionId }) => eventTypes(sessionId)));
    for (const { sessionId } of [expired, revoked]) await couldLiveUntil(sessionId, 30);
    expect(await cleanUp(service)).toMatchObject({ sessions_expired: 1, sessions_revoked: 1 });
    expect(await answers()).toEqual(['refresh_invalid', 'refresh_invalid']);
    expect(await Promise.all([expired, revoked].map(({ sessionId }) => eventTypes(sessionId)))).toEqual(before);
  });

  it('of a theft tells no more than that it has ended, and its session can be looked at until it goes', async () => {
    const tokens = await service.api.signIn(ADMIN);
    const admin = await service.api.signIn(ADMIN);
    expect((await service.api.refresh(tokens.refreshToken)).status).toBe(200);
    await service.sql(
      `UPDATE sessions SET rotated_at = rotated_at - interval '1 hour', previous_rotated_at = NULL WHERE id = $1`,
      [tokens.sessionId],
    );
    expectProblem(await service.api.refresh(tokens.refreshToken), 401, 'refresh_reused');
    await couldLiveUntil(tokens.sessionId, 29.99);
    await cleanUp(service);
    expectProblem(await service.api.refresh(tokens.refreshToken), 401, 'session_revoked');
    const path = `/api/admin/sessions/${tokens.sessionId}`;
    expect((await service.api.get(path, admin.accessToken)).body).toMatchObject({ revokedReason: 'refresh_reuse' });
    await couldLiveUntil(tokens.sessionId, 30);
    await cleanUp(service);
    expectProblem(await service.api.refresh(tokens.refreshToken), 401, 'refresh_invalid');
    expectProblem(await service.api.get(path, admin.accessToken), 404, 'not_found');
    const reuse = (await eventTypes(tokens.sessionId)).filter((type) => type === 'authn_token_reuse');
    expect(reuse).toHaveLength(1);
  });

  it('is told while its row is being deleted, and a live one is refreshed beside it, without a wait', async () => {
    const [dead, live] = [await service.api.signIn(ADMIN), await service.api.signIn(ADMIN)];
    await couldLiveUntil(dead.sessionId, 31);
    await service.app.get(DataSource).transaction(async (tx) => {
      const order = { now: service.clock.now(), limit: 1_000, from: undefined };
      expect((await EXPIRED_SESSIONS.deleteBatch(tx, order)).deleted).toBe(1);
      // The transaction stays open: whoever waited for it would be answered 503.
      expectProblem(await service.api.refresh(dead.refreshToken), 401, 'refresh_expired');
      let tokens = live;
      for (let step = 0; step < 10; step += 1) {
        const answer = await service.api.refresh(tokens.refreshToken);
        expect(answer.status).toBe(200);
        tokens = answer.body;
      }
      expect((await service.api.post('/api/logout', {}, tokens.accessToken)).status).toBe(204);
    });
    expectProblem(await service.api.refresh(dead.refreshToken), 401, 'refresh_invalid');
  });

  it('leaves its session where that is being changed: the batch waits for nobody', async () => {
    const [held, free] = [await service.api.signIn(ADMIN), await service.api.signIn(ADMIN)];
    for (const { sessionId } of [held, free]) await couldLiveUntil(sessionId, 31);
    await service.app.get(DataSource).transaction(async (tx) => {
      await tx.query('UPDATE sessions SET generation = generation + 1 WHERE id = $1', [held.sessionId]);
      expect(await cleanUp(service)).toMatchObject({ sessions_expired: 1 });
    });
    expectProblem(await service.api.refresh(free.refreshToken), 401, 'refresh_invalid');
    expect(await cleanUp(service)).toMatchObject({ sessions_expired: 1 });
  });
});

describe('the deletion of sessions', () => {
  it('never waits for, nor holds up for good, whoever ends sessions by the thousand in order of their ids', async () => {
    const { sessionId } = await service.api.signIn(ADMIN);
    const [owner] = await service.sql<{ id: string }>('SELECT user_id AS id FROM sessions WHERE id = $1', [sessionId]);
    await storeMany(service, { userId: owner?.id ?? '', count: 4_000, userAgent: 'sweep' });
    await service.sql(`UPDATE sessions SET absolute_expires_at = $1 WHERE user_agent = 'sweep'`, [
      new Date(service.clock.now().getTime() - 31 * DAY * 1000),
    ]);
    await service.sql(
      `INSERT INTO era_raises (era, raised_at, raised_by, reason) SELECT era + 1, now(), $1, 'drill' FROM deployment`,
      [owner?.id],
    );
    await service.sql('UPDATE deployment SET era = era + 1');
    const sweep = service.app.get(EraSweep, { strict: false });
    const dataSource = service.app.get(DataSource);
    const order = { now: service.clock.now(), limit: 1_000, from: undefined };
    // None fails, as one would that was given up in a deadlock.
    await Promise.all([
      ...Array.from({ length: 4 }, () => dataSource.transaction((tx) => EXPIRED_SESSIONS.deleteBatch(tx, order))),
      sweep.run(),
      cleanUp(service),
    ]);
    await sweep.run();
    await eventually(async () => {
      await cleanUp(service);
      expect(await service.sql(`SELECT FROM sessions WHERE user_agent = 'sweep'`)).toEqual([]);
    });
    const [deadlocks] = await service.sql<{ count: number }>(
      'SELECT deadlocks::int AS count FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks?.count).toBe(0);
  });
});

describe('links, second steps and counts', () => {
  it('are refused after they have gone as they were before', async () => {
    const email = freshAddress();
    await service.api.newUser(email);
    await service.api.post('/api/password/forgot', { email });
    const { token } = await Mailbox.of(service).eventuallyMail(email, 'password_reset');
    const attempt = async () =>
      expectProblem(await service.api.post('/api/password/reset', { token, password: PASSWORD }), 400, 'link_invalid');
    await service.sql('UPDATE action_links SET expires_at = $1', [service.clock.now()]);
    await attempt();
    expect(await cleanUp(service)).toMatchObject({ action_links: 0 });
    service.clock.advance(60);
    expect((await cleanUp(service)).action_links).toBeGreaterThanOrEqual(1);
    await attempt();
  });

  it('of guesses hold for as long as they say: nobody guesses on sooner for their being deleted', async () => {
    const email = freshAddress();
    const guess = async (): Promise<number> =>
      (await service.api.post('/api/login', { email, password: PASSWORD })).status;
    for (let time = 0; time < 5; time += 1) expect(await guess()).toBe(401);
    await cleanUp(service);
    expect(await guess()).toBe(429);
    service.clock.advance(16 * 60);
    await cleanUp(service);
    const bucket = await service.app.get(GuessCounters, { strict: false }).bucketOf(['login-account', email]);
    expect(await service.sql('SELECT streak FROM guesses WHERE bucket = $1', [bucket])).toEqual([{ streak: 5 }]);
  });

  it('of guesses in a row, though slow, still come to a hundred, and then stay until a reset', async () => {
    const email = freshAddress();
    const bucket = await service.app.get(GuessCounters, { strict: false }).bucketOf(['login-account', email]);
    const now = service.clock.now();
    const almostForgotten = new Date(now.getTime() - 395 * DAY * 1000);
    await service.sql('INSERT INTO guesses (bucket, tries, failed, streak, window_ends_at) VALUES ($1, 9, 9, 99, $2)', [
      bucket,
      almostForgotten,
    ]);
    await cleanUp(service);
    expect((await service.api.post('/api/login', { email, password: PASSWORD })).status).toBe(401);
    await service.sql(`UPDATE guesses SET window_ends_at = now() - interval '5 years' WHERE bucket = $1`, [bucket]);
    await cleanUp(service);
    expectProblem(await service.api.post('/api/login', { email, password: PASSWORD }), 429, 'rate_limited');
  });
});

describe('the service', () => {
  it('cleans up by itself everything that runs out, and measures each', async () => {
    const metrics = service.app.get(Metrics, { strict: false });
    await service.app.get(Cleanup, { strict: false }).run();
    const kinds = [
      ...['action_links', 'era_raises', 'guesses', 'mail_outbox', 'mfa_challenges', 'registrations', 'revocations'],
      ...['sessions_expired', 'sessions_revoked', 'signing_keys', 'totp_enrolments'],
    ];
    for (const metric of [metrics.cleanupLag, metrics.cleanupDeleted]) {
      const { values } = await metric.get();
      expect(values.map(({ labels }) => labels.what).sort()).toEqual(kinds);
    }
  });
});
