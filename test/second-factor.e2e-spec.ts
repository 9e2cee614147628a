import { SecondFactors } from '../src/users/mfa/second-factors.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const WRONG = 'eight noisy badgers resting';

interface Enrolled {
  readonly email: string;
  /** Of the session that enrolled. */
  readonly tokens: Tokens;
  readonly app: Authenticator;
  readonly recoveryCodes: readonly string[];
}
interface Enrolment {
  readonly secret: string;
  readonly otpauthUri: string;
  readonly qrCode: string;
}
interface Claims {
  readonly amr: readonly string[];
  readonly auth_time: number;
  readonly iat: number;
}

const claimsOf = ({ accessToken }: Tokens): Claims =>
  JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as Claims;

describe('the second factor', () => {
  let service: TestApp;
  let users = 0;

  beforeAll(async () => {
    service = await startTestApp();
  });
  afterAll(() => service.close());
  beforeEach(() => service.sql('DELETE FROM guesses'));

  const post = (path: string, json: unknown, token?: string): Promise<Answer<Problem & Tokens>> =>
    service.api.post<Problem & Tokens>(path, json, token);
  const login = (email: string, password = PASSWORD): Promise<Answer<Problem & Tokens & { mfaToken: string }>> =>
    service.api.post('/api/login', { email, password });
  const begin = async (token: string): Promise<Enrolment> =>
    (await service.api.post<Enrolment>('/api/me/totp', { password: PASSWORD }, token)).body;
  const confirm = (code: string, token: string): Promise<Answer<Problem & { recoveryCodes: string[] }>> =>
    service.api.post('/api/me/totp/confirm', { code }, token);
  const user = async (): Promise<{ email: string; tokens: Tokens }> => {
    const email = `user${++users}@example.com`;
    return { email, tokens: await service.api.newUser(email, PASSWORD) };
  };
  const enrolled = async (): Promise<Enrolled> => {
    const { email, tokens } = await user();
    const app = new Authenticator((await begin(tokens.accessToken)).secret, service.clock);
    const { status, body } = await confirm(app.code(), tokens.accessToken);
    expect(status).toBe(200);
    return { email, tokens, app, recoveryCodes: body.recoveryCodes };
  };
  /** The first step of a sign-in. */
  const firstStep = async (email: string): Promise<string> => {
    const answer = await login(email);
    expectProblem(answer, 401, 'mfa_required');
    return answer.body.mfaToken;
  };
  const secondStep = (mfaToken: string, proof: Record<string, string>): Promise<Answer<Problem & Tokens>> =>
    post('/api/login/mfa', { mfaToken, ...proof });
  describe('when it is enrolled', () => {
    it('is handed over as a secret, a URI and a QR code, and asked for once it is confirmed', async () => {
      const { email, tokens } = await user();
      const answer = await service.api.post<Enrolment>('/api/me/totp', { password: PASSWORD }, tokens.accessToken);
      expect(answer.status).toBe(201);
      const { secret, otpauthUri, qrCode } = answer.body;
      expect(secret).toMatch(/^[A-Z2-7]{32}$/);
      const uri = new URL(otpauthUri);
      expect([uri.protocol, uri.host, decodeURIComponent(uri.pathname)]).toEqual([
        'otpauth:',
        'totp',
        `/127.0.0.1:${email}`,
      ]);
      expect(Object.fromEntries(uri.searchParams)).toEqual({
        ...{ issuer: '127.0.0.1', secret, algorithm: 'SHA1', digits: '6', period: '30' },
      });
      expect(Buffer.from(qrCode.replace('data:image/png;base64,', ''), 'base64').subarray(1, 4).toString()).toBe('PNG');
      expect((await login(email)).status).toBe(200);
      const app = new Authenticator(secret, service.clock);
      const confirmed = await confirm(app.code(), tokens.accessToken);
      expect(confirmed.status).toBe(200);
      expect(new Set(confirmed.body.recoveryCodes).size).toBe(10);
      for (const code of confirmed.body.recoveryCodes)
        expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
      await firstStep(email);
    });

    it('is asked for after a right password, which is an event already, whether or not a code follows', async () => {
      const { email } = await enrolled();
      await firstStep(email);
      const events = await service.sql<{ outcome: string }>(
        `SELECT outcome FROM audit_events e JOIN users u ON u.id = e.user_id WHERE u.email = $1 AND type = 'authn_mfa_required'`,
        [email],
      );
      expect(events).toEqual([{ outcome: 'success' }]);
    });

    it('takes the password again', async () => {
      const { tokens } = await user();
      expectProblem(await post('/api/me/totp', { password: WRONG }, tokens.accessToken), 401, 'invalid_credentials');
      expectProblem(await post('/api/me/totp', {}, tokens.accessToken), 400, 'validation_failed');
      expectProblem(await post('/api/me/totp', { password: PASSWORD }), 401, 'token_missing');
    });

    it('refuses a wrong code and one of a secret that was replaced, and goes on', async () => {
      const { tokens } = await user();
      const first = new Authenticator((await begin(tokens.accessToken)).secret, service.clock);
      const second = new Authenticator((await begin(tokens.accessToken)).secret, service.clock);
      for (const code of [first.code(), second.wrongCode(), '12345', '1234567', 'abcdef', '٤٩٢٠٣٩', '4920 39']) {
        expectProblem(await confirm(code, tokens.accessToken), 401, 'mfa_invalid');
      }
      const spaced = second.code().replace(/^(...)/, '$1 ');
      expect((await confirm(spaced, tokens.accessToken)).status).toBe(200);
    });

    it('gives an enrolment 15 minutes', async () => {
      const { tokens } = await user();
      const app = new Authenticator((await begin(tokens.accessToken)).secret, service.clock);
      service.clock.advance(15 * 60);
      const { accessToken } = (await service.api.refresh(tokens.refreshToken)).body;
      expectProblem(await confirm(app.code(), accessToken), 401, 'mfa_invalid');
    });

    it('has nothing to confirm where nothing was begun', async () => {
      const { tokens } = await user();
      expectProblem(await confirm('123456', tokens.accessToken), 401, 'mfa_invalid');
    });

    it('ends every other session, keeps this one, and says otp from its next refresh', async () => {
      const { email, tokens } = await user();
      const other = await service.api.signIn({ email, password: PASSWORD });
      const app = new Authenticator((await begin(tokens.accessToken)).secret, service.clock);
      expect((await confirm(app.code(), tokens.accessToken)).status).toBe(200);
      expectProblem(await service.api.get('/api/me', other.accessToken), 401, 'token_revoked');
      expectProblem(await service.api.refresh(other.refreshToken), 401, 'session_revoked');
      expect((await service.api.get('/api/me', tokens.accessToken)).body).toMatchObject({ mfaEnabled: true });
      expect(claimsOf(tokens).amr).toEqual(['pwd']);
      expect(claimsOf((await service.api.refresh(tokens.refreshToken)).body).amr).toEqual(['pwd', 'otp']);
    });

    it('is there once: a second enrolment is refused until it is removed', async () => {
      const { tokens } = await enrolled();
      expectProblem(await post('/api/me/totp', { password: PASSWORD }, tokens.accessToken), 409, 'mfa_enrolled');
    });

    it('is confirmed once, however many try at the same moment', async () => {
      const { tokens } = await user();
      const app = new Authenticator((await begin(tokens.accessToken)).secret, service.clock);
      const answers = await Promise.all(Array.from({ length: 5 }, () => confirm(app.code(), tokens.accessToken)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      const [{ count } = { count: '' }] = await service.sql<{ count: string }>(
        `SELECT count(*) FROM recovery_codes JOIN users u ON u.id = user_id WHERE u.email = 'user${users}@example.com'`,
      );
      expect(count).toBe('10');
    });

    it('lets no sign-in that has checked the password alone pass afterwards', async () => {
      const { email, tokens } = await user();
      const app = new Authenticator((await begin(tokens.accessToken)).secret, service.clock);
      // In the moment between the check of the password and the session's opening.
      const [row] = await service.sql<{ version: number }>(
        'SELECT credential_version AS version FROM users WHERE email = $1',
        [email],
      );
      expect((await confirm(app.code(), tokens.accessToken)).status).toBe(200);
      const [after] = await service.sql<{ version: number }>(
        'SELECT credential_version AS version FROM users WHERE email = $1',
        [email],
      );
      expect(after?.version).toBe((row?.version ?? 0) + 1);
    });

    it('keeps neither the secret nor a recovery code in the clear', async () => {
      const { email, tokens } = await user();
      const { secret } = await begin(tokens.accessToken);
      const app = new Authenticator(secret, service.clock);
      const { recoveryCodes } = (await confirm(app.code(), tokens.accessToken)).body;
      const [row] = await service.sql<{ sealed: Buffer }>(
        `SELECT sealed_secret AS sealed FROM totp_factors JOIN users u ON u.id = user_id WHERE u.email = $1`,
        [email],
      );
      const plain = base32(secret);
      expect(row?.sealed.includes(plain)).toBe(false);
      const hashes = await service.sql<{ code_hash: Buffer }>('SELECT code_hash FROM recovery_codes');
      expect(hashes.some(({ code_hash }) => recoveryCodes.some((code) => code_hash.includes(code)))).toBe(false);
    });

    it('tells the owner, and is an event', async () => {
      const { email } = await enrolled();
      await Mailbox.of(service).eventuallyMail(email, 'mfa_enabled');
      const events = await service.sql(`SELECT 1 FROM audit_events WHERE type = 'authn_mfa_enrolled'`);
      expect(events.length).toBeGreaterThan(0);
    });
  });

  describe('at a sign-in', () => {
    it('is asked for after a right password only, with a token for the second step', async () => {
      const { email } = await enrolled();
      expectProblem(await login(email, WRONG), 401, 'invalid_credentials');
      const answer = await login(email);
      expectProblem(answer, 401, 'mfa_required');
      expect(answer.body).toMatchObject({
        mfaToken: expect.stringMatching(/^mt_[A-Za-z0-9_-]{43}$/) as string,
        methods: ['totp', 'recovery_code'],
      });
    });

    it('opens a session that says how and when it was opened', async () => {
      const { email, app } = await enrolled();
      const mfaToken = await firstStep(email);
      const answer = await secondStep(mfaToken, { code: app.nextCode() });
      expect(answer.status).toBe(200);
      expect(claimsOf(answer.body).amr).toEqual(['pwd', 'otp']);
      expect(claimsOf(answer.body).auth_time).toBe(claimsOf(answer.body).iat);
      const refreshed = (await service.api.refresh(answer.body.refreshToken)).body;
      expect(claimsOf(refreshed)).toMatchObject({ amr: ['pwd', 'otp'], auth_time: claimsOf(answer.body).auth_time });
    });

    it('takes each code once, also of those who come at the same moment', async () => {
      const { email, app } = await enrolled();
      const mfaTokens = await Promise.all(Array.from({ length: 4 }, () => firstStep(email)));
      const code = app.nextCode();
      const answers = await Promise.all(mfaTokens.map((mfaToken) => secondStep(mfaToken, { code })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
      expectProblem(await secondStep(await firstStep(email), { code }), 401, 'mfa_invalid');
    });

    it('takes no code that the enrolment took, and none older than one that was taken', async () => {
      const { email, app } = await enrolled();
      expectProblem(await secondStep(await firstStep(email), { code: app.code() }), 401, 'mfa_invalid');
      service.clock.advance(60);
      expect((await secondStep(await firstStep(email), { code: app.code(1) })).status).toBe(200);
      for (const steps of [-1, 0, 1]) {
        expectProblem(await secondStep(await firstStep(email), { code: app.code(steps) }), 401, 'mfa_invalid');
      }
    });

    it.each([
      [-2, 401],
      [-1, 200],
      [0, 200],
      [1, 200],
      [2, 401],
    ])('answers the code of %i steps from now with %i', async (steps, status) => {
      const { email, app } = await enrolled();
      service.clock.advance(120);
      expect((await secondStep(await firstStep(email), { code: app.code(steps) })).status).toBe(status);
    });

    it('takes a recovery code once, however it is typed', async () => {
      const { email, recoveryCodes } = await enrolled();
      const [first = '', second = '', third = ''] = recoveryCodes;
      expect((await secondStep(await firstStep(email), { recoveryCode: first })).status).toBe(200);
      expectProblem(await secondStep(await firstStep(email), { recoveryCode: first }), 401, 'mfa_invalid');
      const typed = ` ${second.toLowerCase().replaceAll('-', '').replaceAll('0', 'o').replaceAll('1', 'l')} `;
      expect((await secondStep(await firstStep(email), { recoveryCode: typed })).status).toBe(200);
      const mfaTokens = await Promise.all(Array.from({ length: 3 }, () => firstStep(email)));
      const answers = await Promise.all(mfaTokens.map((mfaToken) => secondStep(mfaToken, { recoveryCode: third })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    });

    it('takes neither code nor recovery code of another user', async () => {
      const [ada, eve] = [await enrolled(), await enrolled()];
      expectProblem(await secondStep(await firstStep(ada.email), { code: eve.app.nextCode() }), 401, 'mfa_invalid');
      const recoveryCode = eve.recoveryCodes[0] ?? '';
      expectProblem(await secondStep(await firstStep(ada.email), { recoveryCode }), 401, 'mfa_invalid');
      expect((await secondStep(await firstStep(eve.email), { recoveryCode })).status).toBe(200);
    });

    it('wants exactly one of the two codes', async () => {
      const { email, app, recoveryCodes } = await enrolled();
      const mfaToken = await firstStep(email);
      expect(fieldsOf(expectProblem(await secondStep(mfaToken, {}), 400, 'validation_failed'))).toEqual(['code']);
      const both = { code: app.nextCode(), recoveryCode: recoveryCodes[0] ?? '' };
      expect(fieldsOf(expectProblem(await secondStep(mfaToken, both), 400, 'validation_failed'))).toEqual([
        'recoveryCode',
      ]);
      expect((await secondStep(mfaToken, { code: both.code })).status).toBe(200);
    });

    it('has a token that is good for one sign-in', async () => {
      const { email, app } = await enrolled();
      const mfaToken = await firstStep(email);
      expect((await secondStep(mfaToken, { code: app.nextCode() })).status).toBe(200);
      expectProblem(await secondStep(mfaToken, { code: app.nextCode() }), 401, 'mfa_invalid');
    });

    it('has a token that is good for five minutes', async () => {
      const { email, app } = await enrolled();
      const mfaToken = await firstStep(email);
      service.clock.advance(5 * 60 - 1);
      const late = await firstStep(email);
      expect((await secondStep(mfaToken, { code: app.code() })).status).toBe(200);
      service.clock.advance(5 * 60);
      expectProblem(await secondStep(late, { code: app.code() }), 401, 'mfa_invalid');
    });

    it('has a token that is dead after five wrong codes, also at the same moment', async () => {
      const { email, app } = await enrolled();
      const mfaToken = await firstStep(email);
      const wrong = { code: app.wrongCode() };
      const answers = await Promise.all(Array.from({ length: 8 }, () => secondStep(mfaToken, wrong)));
      for (const answer of answers) expectProblem(answer, 401, 'mfa_invalid');
      expectProblem(await secondStep(mfaToken, { code: app.nextCode() }), 401, 'mfa_invalid');
      expect((await secondStep(await firstStep(email), { code: app.code() })).status).toBe(200);
    });

    it('counts wrong codes of an account over all its tokens, and looks at none when they are spent', async () => {
      const { email, app } = await enrolled();
      for (let round = 0; round < 2; round += 1) {
        const mfaToken = await firstStep(email);
        for (let time = 0; time < 5; time += 1) {
          expectProblem(await secondStep(mfaToken, { code: app.wrongCode() }), 401, 'mfa_invalid');
        }
      }
      const use = jest.spyOn(service.app.get(SecondFactors, { strict: false }), 'use');
      const mfaToken = await firstStep(email);
      const blocked = await secondStep(mfaToken, { code: app.nextCode() });
      expectProblem(blocked, 429, 'rate_limited');
      expect(use).not.toHaveBeenCalled();
      use.mockRestore();
      const events = await service.sql(
        `SELECT 1 FROM audit_events WHERE type = 'authn_login_lock' AND details->>'limit' = 'second-factor'`,
      );
      expect(events.length).toBeGreaterThan(0);
      service.clock.advance(15 * 60);
      expect((await secondStep(await firstStep(email), { code: app.code() })).status).toBe(200);
    });

    it('keeps no owner out of a device that the account knows, and tells the owner that the password is known', async () => {
      const { email, app } = await enrolled();
      const { deviceToken } = (await secondStep(await firstStep(email), { code: app.nextCode() })).body;
      for (let round = 0; round < 2; round += 1) {
        const mfaToken = await firstStep(email);
        for (let time = 0; time < 5; time += 1) await secondStep(mfaToken, { code: app.wrongCode() });
      }
      expectProblem(await secondStep(await firstStep(email), { code: app.nextCode() }), 429, 'rate_limited');
      const known = await service.api.post<{ mfaToken: string }>('/api/login', {
        email,
        password: PASSWORD,
        deviceToken,
      });
      expect((await secondStep(known.body.mfaToken, { code: app.nextCode() })).status).toBe(200);
      await Mailbox.of(service).eventuallyMail(email, 'second_factor_failing');
    });

    it('lets one more code pass after a reset of the password, and forgets nothing', async () => {
      const { email, app } = await enrolled();
      await service.sql('UPDATE users SET email_verified_at = created_at WHERE email = $1', [email]);
      for (let round = 0; round < 2; round += 1) {
        const mfaToken = await firstStep(email);
        for (let time = 0; time < 5; time += 1) await secondStep(mfaToken, { code: app.wrongCode() });
      }
      await service.api.post('/api/password/forgot', { email });
      const { token } = await Mailbox.of(service).eventuallyMail(email, 'password_reset');
      expect((await service.api.post('/api/password/reset', { token, password: WRONG })).status).toBe(200);
      const login = await service.api.post<{ mfaToken: string }>('/api/login', { email, password: WRONG });
      expectProblem(await secondStep(login.body.mfaToken, { code: app.wrongCode() }), 401, 'mfa_invalid');
      const blocked = await secondStep(login.body.mfaToken, { code: app.nextCode() });
      expectProblem(blocked, 429, 'rate_limited');
      expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(29 * 60);
    });

    it('lets no one keep the owner out who does not know the password', async () => {
      const { email, app } = await enrolled();
      for (let time = 0; time < 30; time += 1) {
        expectProblem(await secondStep(`mt_${'A'.repeat(43)}`, { code: '123456' }), 401, 'mfa_invalid');
      }
      expect((await secondStep(await firstStep(email), { code: app.nextCode() })).status).toBe(200);
    });

    it.each(['', 'x', 'mt_', `mt_${'A'.repeat(42)}`, `mt_${'A'.repeat(44)}`, `rt_${'A'.repeat(43)}`, "mt_' OR '1'='1"])(
      'refuses %j in the place of its token',
      async (mfaToken) => {
        const answer = await secondStep(mfaToken, { code: '123456' });
        if (mfaToken === '') expectProblem(answer, 400, 'validation_failed');
        else expectProblem(answer, 401, 'mfa_invalid');
      },
    );

    it('has a token that is refused wherever another token is wanted', async () => {
      const { email } = await enrolled();
      const mfaToken = await firstStep(email);
      expectProblem(await service.api.get('/api/me', mfaToken), 401, 'token_invalid');
      expectProblem(await service.api.refresh(mfaToken), 401, 'refresh_invalid');
      expectProblem(await post('/api/logout', { refreshToken: mfaToken }), 401, 'refresh_invalid');
    });

    it('ends with any change of the credential', async () => {
      const { email, app } = await enrolled();
      const mfaToken = await firstStep(email);
      const { accessToken } = (await secondStep(await firstStep(email), { code: app.nextCode() })).body;
      const remove = { password: PASSWORD, code: app.nextCode() };
      expect((await post('/api/me/totp/remove', remove, accessToken)).status).toBe(204);
      expectProblem(await secondStep(mfaToken, { code: app.nextCode() }), 401, 'mfa_invalid');
    });

    it('opens no session where the account is disabled between the steps', async () => {
      const { email, app } = await enrolled();
      const mfaToken = await firstStep(email);
      await service.sql('UPDATE users SET disabled_at = now() WHERE email = $1', [email]);
      expectProblem(await secondStep(mfaToken, { code: app.nextCode() }), 401, 'mfa_invalid');
    });

    it('keeps a bounded number of sign-ins under way', async () => {
      const { email } = await enrolled();
      for (let time = 0; time < 25; time += 1) await firstStep(email);
      const open = await service.sql('SELECT 1 FROM mfa_challenges JOIN users u ON u.id = user_id WHERE u.email = $1', [
        email,
      ]);
      expect(open.length).toBeLessThanOrEqual(20);
    });

    it('keeps nothing of its token but a hash', async () => {
      const { email } = await enrolled();
      const mfaToken = await firstStep(email);
      const rows = await service.sql<{ row: string }>('SELECT c::text AS row FROM mfa_challenges c');
      expect(JSON.stringify(rows)).not.toContain(mfaToken.slice(3));
    });

    it('is what admin routes want in production', async () => {
      const { email, app } = await enrolled();
      await service.sql(`UPDATE users SET roles = '{admin}' WHERE email = $1`, [email]);
      const { accessToken } = (await secondStep(await firstStep(email), { code: app.nextCode() })).body;
      expect((await service.api.get('/api/admin/keys', accessToken)).status).toBe(200);
    });
  });

  describe('when it is removed', () => {
    it('takes the password and one code, and makes access tokens stale', async () => {
      const { email, tokens, app } = await enrolled();
      const remove = (json: Record<string, string>): Promise<Answer<Problem>> =>
        service.api.post<Problem>('/api/me/totp/remove', json, tokens.accessToken);
      expectProblem(await remove({ password: PASSWORD }), 401, 'mfa_required');
      expectProblem(await remove({ password: WRONG, code: app.nextCode() }), 401, 'invalid_credentials');
      expectProblem(await remove({ password: PASSWORD, code: app.wrongCode() }), 401, 'mfa_invalid');
      expect((await remove({ password: PASSWORD, code: app.nextCode() })).status).toBe(204);
      expectProblem(await service.api.get('/api/me', tokens.accessToken), 401, 'token_stale');
      const { accessToken } = (await service.api.refresh(tokens.refreshToken)).body;
      expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({ mfaEnabled: false });
      expect((await login(email)).status).toBe(200);
      await Mailbox.of(service).eventuallyMail(email, 'mfa_disabled');
    });

    it('can be taken off with a recovery code, and enrolled anew', async () => {
      const { tokens, recoveryCodes } = await enrolled();
      const remove = { password: PASSWORD, recoveryCode: recoveryCodes[9] ?? '' };
      expect((await post('/api/me/totp/remove', remove, tokens.accessToken)).status).toBe(204);
      const { accessToken } = (await service.api.refresh(tokens.refreshToken)).body;
      const app = new Authenticator((await begin(accessToken)).secret, service.clock);
      expect((await confirm(app.code(), accessToken)).status).toBe(200);
    });

    it('is refused where there is none', async () => {
      const { tokens } = await user();
      for (const path of ['/api/me/totp/remove', '/api/me/recovery-codes']) {
        const json = { password: PASSWORD, code: '123456' };
        expectProblem(await post(path, json, tokens.accessToken), 401, 'mfa_invalid');
      }
    });

    it('is removed once by those who come at the same moment', async () => {
      const { tokens, recoveryCodes } = await enrolled();
      const answers = await Promise.all(
        recoveryCodes
          .slice(0, 4)
          .map((recoveryCode) => post('/api/me/totp/remove', { password: PASSWORD, recoveryCode }, tokens.accessToken)),
      );
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    });
  });

  describe('recovery codes', () => {
    it('are replaced all at once', async () => {
      const { email, tokens, app, recoveryCodes } = await enrolled();
      const answer = await service.api.post<{ recoveryCodes: string[] }>(
        '/api/me/recovery-codes',
        { password: PASSWORD, code: app.nextCode() },
        tokens.accessToken,
      );
      expect(answer.status).toBe(200);
      expect(answer.body.recoveryCodes).toHaveLength(10);
      expectProblem(
        await secondStep(await firstStep(email), { recoveryCode: recoveryCodes[0] ?? '' }),
        401,
        'mfa_invalid',
      );
      const fresh = answer.body.recoveryCodes[0] ?? '';
      expect((await secondStep(await firstStep(email), { recoveryCode: fresh })).status).toBe(200);
    });
  });

  describe('asked for the password again', () => {
    it('is blocked after ten wrong ones from a session, and the owner is not kept out elsewhere', async () => {
      const { email, tokens } = await user();
      const guess = (password: string): Promise<Answer<Problem>> =>
        service.api.post<Problem>('/api/me/totp', { password }, tokens.accessToken);
      for (let time = 0; time < 10; time += 1) expectProblem(await guess(WRONG), 401, 'invalid_credentials');
      expectProblem(await guess(PASSWORD), 429, 'rate_limited');
      const other = await service.api.signIn({ email, password: PASSWORD });
      expect((await post('/api/me/totp', { password: PASSWORD }, other.accessToken)).status).toBe(201);
    });

    it('is not blocked by strangers who guess at the address', async () => {
      const { email, tokens } = await user();
      for (let time = 0; time < 7; time += 1) await login(email, WRONG);
      expectProblem(await login(email), 429, 'rate_limited');
      expect((await post('/api/me/totp', { password: PASSWORD }, tokens.accessToken)).status).toBe(201);
    });
  });
});

/** The bytes of a base 32 text (RFC 4648 §6). */
function base32(text: string): Buffer {
  const bits = Array.from(text, (character) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(character).toString(2).padStart(5, '0'),
  ).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
}
