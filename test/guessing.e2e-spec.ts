import { PasswordHasher } from '../src/users/password-hasher.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const WRONG = 'eight noisy badgers resting';
const NEW = 'nine hollow trumpets waiting';
const DAY = 24 * 60 * 60;

type LoginAnswer = Answer<Problem & Tokens & { deviceToken: string }>;

let addresses = 0;
/** An address of a client that nobody has called from. */
const freshIp = (): string => `198.51.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`;
let users = 0;
const freshAddress = (): string => `user${++users}@example.com`;

describe('guessing', () => {
  let service: TestApp;

  beforeAll(async () => {
    // One hop is trusted, so that each guess comes from where the test says.
    service = await startTestApp({ env: { TRUST_PROXY: '1' } });
  });
  afterAll(() => service.close());
  beforeEach(() => service.sql('DELETE FROM guesses'));

  const login = (email: string, password: string, ip = freshIp(), deviceToken?: string): Promise<LoginAnswer> =>
    service.api.send('POST', '/api/login', {
      json: { email, password, ...(deviceToken !== undefined && { deviceToken }) },
      headers: { 'x-forwarded-for': ip },
    });
  /** An account, and the token of a device that it knows. */
  const known = async (): Promise<{ email: string; deviceToken: string }> => {
    const email = freshAddress();
    await service.api.newUser(email, PASSWORD);
    return { email, deviceToken: (await login(email, PASSWORD)).body.deviceToken };
  };
  /** Guesses from everywhere, waiting as long as is told, until as many as that were looked at. */
  const guess = async (email: string, times: number): Promise<void> => {
    for (let looked = 0; looked < times;) {
      const { status, headers } = await login(email, WRONG);
      if (status === 401) looked += 1;
      else service.clock.advance(Number(headers.get('retry-after')));
    }
  };
  const locks = (limit: string): Promise<unknown[]> =>
    service.sql(`SELECT * FROM audit_events WHERE type = 'authn_login_lock' AND details->>'limit' = $1`, [limit]);

  describe('from unknown devices', () => {
    it.each([
      ['known', freshAddress(), true],
      ['unknown', freshAddress(), false],
    ])('is blocked after ten wrong passwords for a %s address, from wherever', async (_kind, email, exists) => {
      if (exists) await service.api.newUser(email, PASSWORD);
      await guess(email, 10);
      const verify = jest.spyOn(service.app.get(PasswordHasher), 'verify');
      const blocked = await login(email, PASSWORD);
      expectProblem(blocked, 429, 'rate_limited');
      expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(880);
      // What is counted for the address is not told: it falls when the owner signs in.
      expect(blocked.headers.get('ratelimit-policy')).not.toContain('account');
      expect(verify).not.toHaveBeenCalled();
      verify.mockRestore();
    });

    it('waits twice as long each time', async () => {
      const email = freshAddress();
      const waits: number[] = [];
      for (let looked = 0; looked < 13;) {
        const { status, headers } = await login(email, WRONG);
        if (status === 401) looked += 1;
        else {
          waits.push(Math.round(Number(headers.get('retry-after')) / 60));
          service.clock.advance(Number(headers.get('retry-after')));
        }
      }
      expect(waits).toEqual([15, 30, 60]);
    });

    it('is forgotten when the owner has signed in', async () => {
      const { email } = await known();
      await guess(email, 9);
      expect((await login(email, PASSWORD)).status).toBe(200);
      await guess(email, 9);
      expect((await login(email, PASSWORD)).status).toBe(200);
    });

    it('is told to the owner who signs in after five or more, and is an event', async () => {
      const { email } = await known();
      await guess(email, 5);
      expect((await login(email, PASSWORD)).status).toBe(200);
      const mail = await Mailbox.of(service).eventuallyMail(email, 'sign_in_after_failures');
      expect(mail.text).toContain('5');
      const events = await service.sql<{ details: unknown }>(
        `SELECT details FROM audit_events WHERE type = 'authn_login_successafterfail'`,
      );
      expect(events).toContainEqual({ details: { failures: 5 } });
    });

    it('leaves an event that says what was blocked, with the account where there is one and never an address', async () => {
      const [{ email }, unknown] = [await known(), freshAddress()];
      await guess(email, 10);
      await guess(unknown, 10);
      const [one, other] = (await locks('login-account')).slice(-2) as { user_id: string | null; details: unknown }[];
      expect(one?.user_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(other?.user_id).toBeNull();
      expect(one?.details).toMatchObject({ limit: 'login-account', failures: 10, inARow: 10 });
      expect(JSON.stringify([one, other])).not.toMatch(/example\.com/);
    });

    it('ends at a hundred in a row: only a reset by mail lets a new device in then', async () => {
      const { email, deviceToken } = await known();
      await guess(email, 100);
      const mail = await Mailbox.of(service).eventuallyMail(email, 'sign_in_blocked');
      expect(mail.text).toMatch(/password/i);
      service.clock.advance(400 * DAY);
      const blocked = await login(email, PASSWORD);
      expectProblem(blocked, 429, 'rate_limited');
      expect(blocked.headers.get('retry-after')).toBe(String(DAY));
      expect(deviceToken).toBeDefined();
      await service.api.post('/api/password/forgot', { email });
      const { token } = await Mailbox.of(service).eventuallyMail(email, 'password_reset');
      const reset = await service.api.post<{ deviceToken: string }>('/api/password/reset', { token, password: NEW });
      expect(reset.status).toBe(200);
      expect((await login(email, NEW)).status).toBe(200);
      expect((await login(email, NEW, freshIp(), reset.body.deviceToken)).status).toBe(200);
    }, 60_000);

    it('blocks an unknown address at a hundred, too, and mails nobody', async () => {
      const email = freshAddress();
      await guess(email, 100);
      expectProblem(await login(email, WRONG), 429, 'rate_limited');
      expect(await Mailbox.of(service).mailTo(email)).toHaveLength(0);
    }, 60_000);

    it('is let go on by an admin', async () => {
      const { email } = await known();
      await guess(email, 10);
      expectProblem(await login(email, PASSWORD), 429, 'rate_limited');
      const { accessToken } = await service.api.signIn(ADMIN);
      const [user] = await service.sql<{ id: string }>('SELECT id FROM users WHERE email = $1', [email]);
      const unlock = await service.api.post(
        `/api/admin/users/${user?.id ?? ''}/unlock`,
        { reason: 'asked' },
        accessToken,
      );
      expect(unlock.status).toBe(204);
      expect((await login(email, PASSWORD)).status).toBe(200);
      await Mailbox.of(service).eventuallyMail(email, 'account_unlocked');
    });
  });

  describe('from a network', () => {
    it('is blocked after a hundred wrong passwords for whatever addresses, and other networks are not', async () => {
      const ip = freshIp();
      const { email, deviceToken } = await known();
      for (let time = 0; time < 100; time += 1) {
        expectProblem(await login(`guessed${time}@example.com`, WRONG, ip), 401, 'invalid_credentials');
      }
      expectProblem(await login(email, PASSWORD, ip), 429, 'rate_limited');
      expect((await login(email, PASSWORD)).status).toBe(200);
      // Who shares the network with the attacker gets in by a device that the account knows.
      expect((await login(email, PASSWORD, ip, deviceToken)).status).toBe(200);
      expect(await locks('login-network')).not.toHaveLength(0);
      service.clock.advance(15 * 60);
      expect((await login(email, PASSWORD, ip)).status).toBe(200);
    }, 60_000);

    it('is not forgotten for a sign-in: an attacker may have an account, too', async () => {
      const ip = freshIp();
      const { email } = await known();
      for (let time = 0; time < 99; time += 1) await login(`other${time}@example.com`, WRONG, ip);
      expect((await login(email, PASSWORD, ip)).status).toBe(200);
      expectProblem(await login(freshAddress(), WRONG, ip), 401, 'invalid_credentials');
      expectProblem(await login(email, PASSWORD, ip), 429, 'rate_limited');
    }, 60_000);

    it('is that of an IPv6 /64', async () => {
      for (let time = 0; time < 100; time += 1) {
        await login(`six${time}@example.com`, WRONG, `2001:db8:7:7:${time.toString(16)}::1`);
      }
      expectProblem(await login(ADMIN.email, ADMIN.password, '2001:db8:7:7:ffff::1'), 429, 'rate_limited');
      expect((await login(ADMIN.email, ADMIN.password, '2001:db8:7:8::1')).status).toBe(200);
    }, 60_000);
  });

  describe('with a device token', () => {
    it('keeps no owner out whose account and network are blocked', async () => {
      const { email, deviceToken } = await known();
      await guess(email, 10);
      expectProblem(await login(email, PASSWORD), 429, 'rate_limited');
      const answer = await login(email, PASSWORD, freshIp(), deviceToken);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('ratelimit-policy')).toBe('"login-device";q=10;w=900');
    });

    it('has ten tries of its own, then waits of 15, 30 and 60 minutes at most', async () => {
      const { email, deviceToken } = await known();
      const waits: number[] = [];
      for (let looked = 0; looked < 14;) {
        const { status, headers } = await login(email, WRONG, freshIp(), deviceToken);
        if (status === 401) looked += 1;
        else {
          waits.push(Math.round(Number(headers.get('retry-after')) / 60));
          service.clock.advance(Number(headers.get('retry-after')));
        }
      }
      expect(waits).toEqual([15, 30, 60, 60]);
    });

    it('spends nothing of what unknown devices may try', async () => {
      const { email, deviceToken } = await known();
      for (let time = 0; time < 10; time += 1) await login(email, WRONG, freshIp(), deviceToken);
      expectProblem(await login(email, PASSWORD, freshIp(), deviceToken), 429, 'rate_limited');
      expect((await login(email, PASSWORD)).status).toBe(200);
    });

    it('is answered with the next one of the same device', async () => {
      const { email, deviceToken } = await known();
      for (let time = 0; time < 6; time += 1) await login(email, WRONG, freshIp(), deviceToken);
      const { deviceToken: next } = (await login(email, PASSWORD, freshIp(), deviceToken)).body;
      for (let time = 0; time < 10; time += 1) await login(email, WRONG, freshIp(), deviceToken);
      expectProblem(await login(email, PASSWORD, freshIp(), next), 429, 'rate_limited');
    });

    it('is nothing for another account', async () => {
      const [one, other] = [await known(), await known()];
      const answer = await login(one.email, PASSWORD, freshIp(), other.deviceToken);
      expect(answer.headers.get('ratelimit-policy')).toMatch(/^"login";/);
      expect(
        (await login(freshAddress(), WRONG, freshIp(), other.deviceToken)).headers.get('ratelimit-policy'),
      ).toMatch(/^"login";/);
    });

    it('is nothing once it is altered, cut, or of another kind', async () => {
      const { email, deviceToken } = await known();
      const positions = [3, 4, 30, 50, 60, 75, 90, 99, deviceToken.length - 2];
      const altered = positions.map((at) => {
        const other = deviceToken.charAt(at) === 'A' ? 'B' : 'A';
        return `${deviceToken.slice(0, at)}${other}${deviceToken.slice(at + 1)}`;
      });
      for (const token of [...altered, deviceToken.slice(0, -1), `${deviceToken}A`, 'x', 'dt_']) {
        const answer = await login(email, PASSWORD, freshIp(), token);
        expect([answer.status, answer.headers.get('ratelimit-policy')?.slice(0, 8)]).toEqual([200, '"login";']);
      }
    });

    it('is good for 180 days', async () => {
      const { email, deviceToken } = await known();
      service.clock.advance(180 * DAY - 60);
      expect((await login(email, PASSWORD, freshIp(), deviceToken)).headers.get('ratelimit-policy')).toMatch(/device/);
      service.clock.advance(60);
      expect((await login(email, PASSWORD, freshIp(), deviceToken)).headers.get('ratelimit-policy')).toMatch(
        /^"login";/,
      );
    });

    it('is nothing after a reset, which gives a new one', async () => {
      const { email, deviceToken } = await known();
      await service.api.post('/api/password/forgot', { email });
      const { token } = await Mailbox.of(service).eventuallyMail(email, 'password_reset');
      const reset = await service.api.post<{ deviceToken: string }>('/api/password/reset', { token, password: NEW });
      expect((await login(email, NEW, freshIp(), deviceToken)).headers.get('ratelimit-policy')).toMatch(/^"login";/);
      const fresh = await login(email, NEW, freshIp(), reset.body.deviceToken);
      expect(fresh.headers.get('ratelimit-policy')).toMatch(/device/);
    });

    it('signs nobody in', async () => {
      const { email, deviceToken } = await known();
      expectProblem(await login(email, WRONG, freshIp(), deviceToken), 401, 'invalid_credentials');
      expectProblem(await service.api.get('/api/me', deviceToken), 401, 'token_invalid');
      expectProblem(await service.api.refresh(deviceToken), 401, 'refresh_invalid');
    });

    it('spares the owner the mail about a new device', async () => {
      const { email, deviceToken } = await known();
      const mailbox = Mailbox.of(service);
      // Its registration's sign-in, and the one that made the device known.
      await mailbox.eventuallyMail(email, 'new_sign_in', 2);
      expect((await login(email, PASSWORD, freshIp(), deviceToken)).status).toBe(200);
      expect((await login(email, PASSWORD)).status).toBe(200);
      await mailbox.eventuallyMail(email, 'new_sign_in', 3);
      expect(await mailbox.mailTo(email, 'new_sign_in')).toHaveLength(3);
    });
  });
});
