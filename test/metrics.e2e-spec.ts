import { Authenticator } from './support/authenticator.js';
import { eventually } from './support/eventually.js';
import { Scrape } from './support/scrape.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const DAY = 24 * 60 * 60;

describe('the metrics', () => {
  let service: TestApp;
  let atFirst: Scrape;

  beforeAll(async () => {
    service = await startTestApp({ env: { HASH_CONCURRENCY: '1', RATE_LIMIT: 'on', KEY_ROTATION: '90d' } });
    atFirst = await Scrape.of(service.app);
  });
  afterAll(() => service.close());
  beforeEach(() => service.sql('DELETE FROM guesses'));

  const scrape = (): Promise<Scrape> => Scrape.of(service.app);
  const login = (email: string, password: string): Promise<{ status: number; body: { mfaToken?: string } }> =>
    service.api.post<{ mfaToken?: string }>('/api/login', { email, password });
  /** What a counter has gained by some work, by the value of a label; unchanged ones apart. */
  const gained = async (name: string, label: string, work: () => Promise<unknown>): Promise<Record<string, number>> => {
    const valuesOf = (found: Scrape): Map<string, number> =>
      new Map(
        found.series(name).map(({ labels, value }) => [`${labels.step ?? ''} ${labels[label] ?? ''}`.trim(), value]),
      );
    const before = valuesOf(await scrape());
    await work();
    const after = [...valuesOf(await scrape())].map(([key, value]) => [key, value - (before.get(key) ?? NaN)] as const);
    return Object.fromEntries(after.filter(([, more]) => more !== 0));
  };
  const signIns = (work: () => Promise<unknown>): Promise<Record<string, number>> =>
    gained('gatehouse_sign_ins_total', 'outcome', work);
  const refreshes = (work: () => Promise<unknown>): Promise<Record<string, number>> =>
    gained('gatehouse_refreshes_total', 'outcome', work);

  it('have every outcome of sign-ins, refreshes, mails and limits from 0 on', () => {
    const outcomes = (name: string, label: string): string[] =>
      atFirst
        .series(name)
        .filter(({ value }) => value === 0)
        .map(({ labels }) => labels[label] ?? '');
    expect(outcomes('gatehouse_refreshes_total', 'outcome')).toEqual(
      expect.arrayContaining([
        'rotated',
        'repeated',
        'resumed',
        'superseded',
        'reused',
        'expired',
        'revoked',
        'invalid',
      ]),
    );
    expect(outcomes('gatehouse_sign_ins_total', 'outcome')).toHaveLength(12);
    expect(outcomes('gatehouse_mail_attempts_total', 'outcome')).toHaveLength(5);
    expect(outcomes('gatehouse_rate_limited_total', 'policy')).toEqual(
      expect.arrayContaining([
        'login-requests',
        'bearer-requests',
        'streams',
        'login',
        'login-account',
        'second-factor',
      ]),
    );
    expect(outcomes('gatehouse_refusals_total', 'type')).toContain('authn_login_fail');
  });

  describe('of sign-ins', () => {
    it('count each step by what it came to', async () => {
      const { accessToken } = await service.api.newUser('steps@example.com', PASSWORD);
      expect(await signIns(() => login('steps@example.com', PASSWORD))).toEqual({ 'password success': 1 });
      expect(await signIns(() => login('steps@example.com', 'a wrong one of fifteen'))).toEqual({
        'password invalid_credentials': 1,
      });
      expect(await signIns(() => login('nobody@example.com', PASSWORD))).toEqual({ 'password invalid_credentials': 1 });
      const { body } = await service.api.post<{ secret: string }>('/api/me/totp', { password: PASSWORD }, accessToken);
      const app = new Authenticator(body.secret, service.clock);
      await service.api.post('/api/me/totp/confirm', { code: app.code() }, accessToken);
      const second = async (code: string): Promise<unknown> => {
        const { mfaToken } = (await login('steps@example.com', PASSWORD)).body;
        return service.api.post('/api/login/mfa', { mfaToken, code });
      };
      const asked = { 'password mfa_required': 1 };
      expect(await signIns(() => second(app.nextCode()))).toEqual({ ...asked, 'second_factor success': 1 });
      expect(await signIns(() => second(app.wrongCode()))).toEqual({ ...asked, 'second_factor mfa_invalid': 1 });
    });

    it('count those that are blocked, by the policy that blocks them too', async () => {
      for (let wrong = 0; wrong < 5; wrong += 1) await login('blocked@example.com', 'a wrong one of fifteen');
      const again = (): Promise<unknown> => login('blocked@example.com', PASSWORD);
      expect(await signIns(again)).toEqual({ 'password blocked': 1 });
      expect(await gained('gatehouse_rate_limited_total', 'policy', again)).toEqual({ login: 1 });
    });

    it('count those of accounts that are disabled, and nothing where the request is none', async () => {
      await service.api.newUser('disabled@example.com', PASSWORD);
      await service.sql(`UPDATE users SET disabled_at = now() WHERE email = 'disabled@example.com'`);
      expect(await signIns(() => login('disabled@example.com', PASSWORD))).toEqual({ 'password disabled': 1 });
      expect(await signIns(() => service.api.post('/api/login', { email: 1 }))).toEqual({});
    });
  });

  it('count a request beyond its limit by its policy', async () => {
    const register = (): Promise<unknown> =>
      service.api.post('/api/register', { email: 'x@example.com', password: 'x' });
    service.clock.advance(60);
    for (let sent = 0; sent < 10; sent += 1) await register();
    expect(await gained('gatehouse_rate_limited_total', 'policy', register)).toEqual({ 'register-requests': 1 });
    service.clock.advance(60);
  });

  it('count each refresh by what it came to', async () => {
    const { api, clock } = service;
    const first = await api.newUser('refresher@example.com', PASSWORD);
    const refresh = (token: string) => (): Promise<unknown> => api.refresh(token);
    let { refreshToken } = first;
    expect(
      await refreshes(async () => {
        ({ refreshToken } = (await api.refresh(refreshToken)).body);
      }),
    ).toEqual({ rotated: 1 });
    expect(await refreshes(refresh(first.refreshToken))).toEqual({ repeated: 1 });
    await api.refresh(refreshToken);
    expect(await refreshes(refresh(first.refreshToken))).toEqual({ superseded: 1 });
    const forged = refreshToken.slice(0, -1) + (refreshToken.endsWith('A') ? 'B' : 'A');
    expect(await refreshes(refresh(forged))).toEqual({ invalid: 1 });
    expect(await refreshes(refresh('rt_none'))).toEqual({ invalid: 1 });
    clock.advance(60);
    expect(await refreshes(refresh(first.refreshToken))).toEqual({ reused: 1 });
    expect(await refreshes(refresh(first.refreshToken))).toEqual({ revoked: 1 });
    const other = await api.signIn({ email: 'refresher@example.com', password: PASSWORD });
    const next = (await api.refresh(other.refreshToken)).body;
    await service.sql(`UPDATE sessions SET generation = 1 WHERE id = '${other.sessionId}'`);
    expect(await refreshes(refresh(next.refreshToken))).toEqual({ resumed: 1 });
    const late = await api.signIn({ email: 'refresher@example.com', password: PASSWORD });
    await service.sql(`UPDATE sessions SET idle_expires_at = now() - interval '1 s' WHERE id = '${late.sessionId}'`);
    expect(await refreshes(refresh(late.refreshToken))).toEqual({ expired: 1 });
  });

  it('tell of the queue of the hashes: who waits, for how long, and who is refused', async () => {
    const before = await scrape();
    const attempts = Array.from({ length: 40 }, (_none, at) => login(`queue${at}@example.com`, PASSWORD));
    await eventually(async () => {
      const found = await scrape();
      expect(found.value('gatehouse_hash_queue_running')).toBe(1);
      expect(found.value('gatehouse_hash_queue_waiting')).toBeGreaterThan(0);
    });
    const refused = (await Promise.all(attempts)).filter(({ status }) => status === 503).length;
    const after = await scrape();
    const more = (name: string): number => (after.value(name) ?? NaN) - (before.value(name) ?? NaN);
    expect(refused).toBeGreaterThan(0);
    expect(more('gatehouse_hash_queue_refusals_total')).toBe(refused);
    expect(more('gatehouse_hash_queue_wait_seconds_count')).toBe(40 - refused);
    expect(more('gatehouse_hash_queue_wait_seconds_sum')).toBeGreaterThan(0);
    expect(after.value('gatehouse_hash_queue_capacity')).toBe(16);
    expect(after.value('gatehouse_sign_ins_total', { outcome: 'overloaded' })).toBe(refused);
  });

  it('tell how old the signing keys are, and when the next rotation is due', async () => {
    const ageOf = (found: Scrape, state: string): number | undefined =>
      found.value('gatehouse_signing_key_age_seconds', { state });
    const due = (found: Scrape): number => found.value('gatehouse_signing_key_rotation_due_seconds') ?? NaN;
    const before = await scrape();
    expect(ageOf(before, 'active')).toBeLessThan(600);
    expect(ageOf(before, 'pending')).toBeLessThan(600);
    expect(ageOf(before, 'retiring')).toBeUndefined();
    expect(due(before)).toBeGreaterThan(89 * DAY);
    service.clock.advance(100);
    const after = await scrape();
    expect(due(before) - due(after)).toBeGreaterThanOrEqual(100);
    expect((ageOf(after, 'active') ?? 0) - (ageOf(before, 'active') ?? 0)).toBeGreaterThanOrEqual(100);
  });

  it('tell what this instance knows of revocations, and how it learned it', async () => {
    const { accessToken } = await service.api.newUser('revoked@example.com', PASSWORD);
    const before = (await scrape()).value('gatehouse_denylist_entries') ?? NaN;
    await service.api.post('/api/logout', {}, accessToken);
    const found = await scrape();
    expect(found.value('gatehouse_denylist_entries')).toBe(before + 1);
    expect(found.value('gatehouse_revocation_staleness_seconds')).toBeLessThan(5);
    await eventually(async () => {
      expect((await scrape()).value('gatehouse_revocation_propagation_seconds_count')).toBeGreaterThan(0);
    });
  });

  it('tell how many connections to Postgres there are, and whether the instance is ready', async () => {
    const found = await scrape();
    const open = found.value('gatehouse_database_connections_open') ?? NaN;
    expect(open).toBeGreaterThan(0);
    expect(found.value('gatehouse_database_connections_idle')).toBeLessThanOrEqual(open);
    expect(found.value('gatehouse_database_connections_waited_for')).toBe(0);
    expect(found.value('gatehouse_database_connections_limit')).toBe(service.config.database.poolSize);
    expect(found.value('gatehouse_ready')).toBe(1);
  });

  it('tell how far sealing is behind, however many events wait', async () => {
    const lag = async (): Promise<number> => (await scrape()).value('gatehouse_event_seal_lag_seconds') ?? NaN;
    const waiting = async (): Promise<number> => (await scrape()).value('gatehouse_events_unsealed') ?? NaN;
    await eventually(async () => {
      expect([await waiting(), await lag()]).toEqual([0, 0]);
    });
    // No seal can be written any more.
    await service.sql('ALTER TABLE audit_seals ADD CONSTRAINT nothing CHECK (number < 0) NOT VALID');
    try {
      await login('seal@example.com', 'a wrong one of fifteen');
      await eventually(async () => {
        expect(await waiting()).toBeGreaterThan(0);
        expect(await lag()).toBeGreaterThan(0.5);
      });
    } finally {
      await service.sql('ALTER TABLE audit_seals DROP CONSTRAINT nothing');
    }
    await eventually(async () => {
      expect([await waiting(), await lag()]).toEqual([0, 0]);
    });
  });

  it('tell of mail that is owed, and since when', async () => {
    const owed = async (): Promise<number[]> => {
      const found = await scrape();
      return [found.value('gatehouse_mail_owed') ?? NaN, found.value('gatehouse_mail_oldest_seconds') ?? NaN];
    };
    await eventually(async () => {
      expect(await owed()).toEqual([0, 0]);
    });
    await service.sql(
      `INSERT INTO mail_outbox (id, purpose, recipient, details, created_at, next_attempt_at)
       VALUES ('019a0000-0000-7000-8000-000000000000', 'registered', 'x@example.com', '{}',
               now() + interval '100 s' - interval '1 hour', now() + interval '1 day')`,
    );
    const [count, age = NaN] = await owed();
    expect(count).toBe(1);
    expect(age).toBeGreaterThan(3_500);
    expect(age).toBeLessThan(3_900);
    await service.sql('DELETE FROM mail_outbox');
  });

  it('hold no address, id, token or secret of anybody', async () => {
    const { text } = await scrape();
    expect(text).not.toMatch(/@|example\.com|eyJ|\$argon2|\b(rt|dt|mt|al)_\w/);
    expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/i);
    expect(text).not.toMatch(/127\.0\.0\.1/);
    for (const secret of [...service.config.tokens.jwtSecrets, ...service.config.sessions.refreshSecrets])
      expect(text).not.toContain(secret.reveal());
    expect(text).not.toContain(ADMIN.password);
  });
});
