import { cleanUp } from './support/cleanup.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem } from './support/problem.js';
import { randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const WEEK = 7 * 24 * 60 * 60;

let users = 0;
const freshAddress = (): string => `user${++users}@example.com`;

describe('an account whose address is never verified, though it must be', () => {
  const secrets = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
  let database: TestDatabase;
  let service: TestApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startTestApp({ database, env: { ...secrets, REQUIRE_VERIFIED_EMAIL: 'on' } });
  });
  afterAll(async () => {
    await service.close();
    await database.drop();
  });

  const expired = async (at = service): Promise<number | undefined> => (await cleanUp(at)).registrations;
  const register = async (): Promise<string> => {
    const email = freshAddress();
    expect((await service.api.post('/api/register', { email, password: PASSWORD })).status).toBe(202);
    return email;
  };
  const left = async (...emails: string[]): Promise<string[]> =>
    (
      await service.sql<{ email: string }>('SELECT email FROM users WHERE email = ANY ($1) ORDER BY email', [emails])
    ).map(({ email }) => email);

  it('goes after seven days, and not a second before', async () => {
    const email = await register();
    service.clock.advance(WEEK - 2);
    expect(await expired()).toBe(0);
    expect(await left(email)).toEqual([email]);
    service.clock.advance(2);
    expect(await expired()).toBe(1);
    expect(await left(email)).toEqual([]);
    const [event] = await service.sql(
      `SELECT user_id IS NOT NULL AS whose, actor_id, details FROM audit_events WHERE type = 'user_deleted'`,
    );
    expect(event).toEqual({ whose: true, actor_id: null, details: { reason: 'never verified' } });
  });

  it('takes its sessions along: their tokens are refused at once', async () => {
    const email = await register();
    const { token } = await Mailbox.of(service).eventuallyMail(email, 'verify_email');
    await service.api.post('/api/email/verify', { token });
    const tokens = await service.api.signIn({ email, password: PASSWORD });
    expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(200);
    await service.sql('UPDATE users SET email_verified_at = NULL, registration_expires_at = $2 WHERE email = $1', [
      ...[email, service.clock.now()],
    ]);
    expect(await expired()).toBe(1);
    expectProblem(await service.api.get('/api/protected', tokens.accessToken), 401, 'token_revoked');
    expectProblem(await service.api.refresh(tokens.refreshToken), 401, 'refresh_invalid');
  });

  it('stays where it was verified by a reset, or by another address', async () => {
    const [one, other] = [await register(), await register()];
    const mailbox = Mailbox.of(service);
    await service.api.post('/api/password/forgot', { email: one });
    const { token } = await mailbox.eventuallyMail(one, 'password_reset');
    expect((await service.api.post('/api/password/reset', { token, password: PASSWORD })).status).toBe(200);
    const link = await mailbox.eventuallyMail(other, 'verify_email');
    await service.api.post('/api/email/verify', { token: link.token });
    service.clock.advance(WEEK);
    await expired();
    expect(await left(one, other)).toEqual([one, other].sort());
  });

  it('is passed over while its owner is verifying it', async () => {
    const [held, free] = [await register(), await register()];
    service.clock.advance(WEEK);
    await onServer(async (query) => {
      await query('BEGIN');
      await query('SELECT 1 FROM users WHERE email = $1 FOR UPDATE', [held]);
      expect(await expired()).toBe(1);
      await query('ROLLBACK');
    }, database.url);
    expect(await left(held, free)).toEqual([held]);
    expect(await expired()).toBe(1);
  });

  it('goes with all others in batches', async () => {
    await service.sql(
      `INSERT INTO users (id, email, password_hash, created_at, registration_expires_at)
       SELECT gen_random_uuid(), 'many' || n || '@example.com', 'x', now(), $1 FROM generate_series(1, 230) n`,
      [service.clock.now()],
    );
    expect(await expired()).toBe(230);
  });

  it('stays where it need not be verified any more, for good once it was used', async () => {
    const [used, unused] = [await register(), await register()];
    const lenient = await startTestApp({ database, clock: service.clock, env: secrets });
    try {
      service.clock.advance(WEEK);
      await lenient.api.signIn({ email: used, password: PASSWORD });
      expect(await expired(lenient)).toBe(0);
      expect(await left(used, unused)).toEqual([used, unused].sort());
    } finally {
      await lenient.close();
    }
    expect(await expired()).toBe(1);
    expect(await left(used, unused)).toEqual([used]);
  });
});
