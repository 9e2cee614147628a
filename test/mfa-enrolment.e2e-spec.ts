import { toDataURL } from 'qrcode';
import { MailSender } from '../src/mail/mail-sender.js';
import { SecondFactors } from '../src/users/mfa/second-factors.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { Authenticator } from './support/authenticator.js';
import { onServer } from './support/database.js';
import { heldOpen } from './support/database-locks.js';
import { eventually } from './support/eventually.js';
import { Mailbox } from './support/mailbox.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';

interface Enrolment {
  readonly secret: string;
  readonly otpauthUri: string;
  readonly qrCode: string;
}
type Codes = Problem & { readonly recoveryCodes: readonly string[] };
interface User {
  readonly email: string;
  readonly tokens: Tokens;
}
interface Enrolled extends User {
  readonly app: Authenticator;
  readonly recoveryCodes: readonly string[];
}

let service: TestApp;
let users = 0;

beforeAll(async () => {
  service = await startTestApp();
});
afterAll(() => service.close());
beforeEach(() => service.sql('DELETE FROM guesses'));

/** Whose mail has been sent: mail of a registration looks at the account, and would wait for what the tests hold. */
const user = async (email = `user${++users}@example.com`): Promise<User> => {
  const tokens = await service.api.newUser(email, PASSWORD);
  await service.app.get(MailSender, { strict: false }).drain();
  return { email, tokens };
};
const login = (email: string): Promise<Answer<Problem & Tokens & { mfaToken: string }>> =>
  service.api.post('/api/login', { email, password: PASSWORD });
const call = <Body = Problem>(path: string, json: unknown, { tokens }: Pick<User, 'tokens'>): Promise<Answer<Body>> =>
  service.api.post<Body>(path, json, tokens.accessToken);
const begin = async (of: User): Promise<Enrolment> => {
  const answer = await call<Enrolment>('/api/me/totp', { password: PASSWORD }, of);
  expect(answer.status).toBe(201);
  return answer.body;
};
const begun = async (of: User): Promise<Authenticator> => new Authenticator((await begin(of)).secret, service.clock);
const confirm = (code: string, of: User): Promise<Answer<Codes>> => call('/api/me/totp/confirm', { code }, of);
const enrolled = async (): Promise<Enrolled> => {
  const owner = await user();
  const app = await begun(owner);
  const { status, body } = await confirm(app.code(), owner);
  expect(status).toBe(200);
  return { ...owner, app, recoveryCodes: body.recoveryCodes };
};
const replace = (json: object, of: User): Promise<Answer<Codes>> =>
  call('/api/me/recovery-codes', { password: PASSWORD, ...json }, of);
const remove = (json: object, of: User): Promise<Answer<Problem>> =>
  call('/api/me/totp/remove', { password: PASSWORD, ...json }, of);
const firstStep = async (email: string): Promise<string> => {
  const answer = await login(email);
  expectProblem(answer, 401, 'mfa_required');
  return answer.body.mfaToken;
};
const secondStep = async (email: string, proof: object): Promise<Answer<Problem & Tokens>> =>
  service.api.post('/api/login/mfa', { mfaToken: await firstStep(email), ...proof });

const column = async (name: string, { email }: User): Promise<unknown> =>
  (await service.sql<{ found: unknown }>(`SELECT ${name} AS found FROM users WHERE email = $1`, [email]))[0]?.found;
const events = async (type: string, { email }: User): Promise<object[]> =>
  service.sql(
    `SELECT e.* FROM audit_events e JOIN users u ON u.id = e.user_id WHERE u.email = $1 AND e.type = $2 ORDER BY e.id`,
    [email, type],
  );
const rowsOf = async (table: 'totp_factors' | 'recovery_codes' | 'mfa_challenges', { email }: User): Promise<number> =>
  (await service.sql(`SELECT 1 FROM ${table} JOIN users u ON u.id = user_id WHERE u.email = $1`, [email])).length;
const mails = async (purpose: 'mfa_enabled' | 'mfa_disabled' | 'recovery_codes_replaced', { email }: User) => {
  await service.app.get(MailSender, { strict: false }).drain();
  return Mailbox.of(service).mailTo(email, purpose);
};
const statuses = (answers: readonly Answer<unknown>[]): number[] => answers.map(({ status }) => status).sort();

/** Waits until so many statements wait for a lock. */
const waiting = (count: number): Promise<void> =>
  eventually(async () => {
    const found = await service.sql(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    expect(found).toHaveLength(count);
  });
/** Starts requests, one after the other, that have to wait for the transaction of a statement, and commits it. */
const whileHeld = <First, Second>(
  [text, values]: readonly [string, unknown[]],
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<[First, Second]> =>
  onServer(async (query) => {
    await query('BEGIN');
    await query(text, values);
    const one = first();
    await waiting(1);
    const two = second();
    await waiting(2);
    await query('COMMIT');
    return Promise.all([one, two]);
  }, service.database.url);
/** Starts a request that checks the old password while the change of it is under way, and has to wait for that. */
const afterPasswordChange = <Result>({ email }: User, start: () => Promise<Result>): Promise<Result> =>
  heldOpen(service, ['UPDATE users SET credential_version = credential_version + 1 WHERE email = $1', [email]], start);
const rowOf = ({ email }: User): [string, unknown[]] => ['SELECT 1 FROM users WHERE email = $1 FOR UPDATE', [email]];

describe('the enrolment of an authenticator app', () => {
  it('shows the URI as a QR code, also of the longest address', async () => {
    const longest = `${'a'.repeat(64)}@${`${'b'.repeat(60)}.`.repeat(3)}cd.example`.slice(0, 254);
    const { otpauthUri, qrCode } = await begin(await user(longest));
    expect(decodeURIComponent(otpauthUri)).toContain(longest);
    expect(qrCode).toMatch(/^data:image\/png;base64,[A-Za-z0-9+/]+=*$/);
    expect(qrCode).toBe(await toDataURL(otpauthUri));
  });

  it('keeps its secret and its recovery codes out of events and mail', async () => {
    const owner = await user();
    const { secret } = await begin(owner);
    const app = new Authenticator(secret, service.clock);
    const { recoveryCodes } = (await confirm(app.code(), owner)).body;
    const [mail] = await mails('mfa_enabled', owner);
    const told = JSON.stringify([await service.sql('SELECT e::text FROM audit_events e'), mail?.text, mail?.html]);
    expect(mail).toBeDefined();
    for (const canary of [secret, ...recoveryCodes]) expect(told).not.toContain(canary);
  });

  it('is one event and one mail, however many confirm it at the same moment', async () => {
    const owner = await user();
    const app = await begun(owner);
    const answers = await Promise.all(Array.from({ length: 5 }, () => confirm(app.code(), owner)));
    expect(statuses(answers)).toEqual([200, 401, 401, 401, 401]);
    expect(await events('authn_mfa_enrolled', owner)).toHaveLength(1);
    expect(await mails('mfa_enabled', owner)).toHaveLength(1);
    const { recoveryCodes = [] } = answers.find(({ status }) => status === 200)?.body ?? {};
    expect((await secondStep(owner.email, { recoveryCode: recoveryCodes[0] })).status).toBe(200);
  });

  it('counts wrong codes against the session, looks at none when they are spent, and blocks no other session', async () => {
    const owner = await user();
    const app = await begun(owner);
    const other = { ...owner, tokens: await service.api.signIn({ email: owner.email, password: PASSWORD }) };
    for (let time = 0; time < 10; time += 1) {
      expectProblem(await confirm(app.wrongCode(), owner), 401, 'mfa_invalid');
    }
    const check = jest.spyOn(service.app.get(SecondFactors, { strict: false }), 'checkEnrolment');
    expectProblem(await confirm(app.code(), owner), 429, 'rate_limited');
    expect(check).not.toHaveBeenCalled();
    check.mockRestore();
    expectProblem(await call('/api/me/totp', { password: PASSWORD }, owner), 429, 'rate_limited');
    expect((await confirm(app.code(), other)).status).toBe(200);
  });

  it('lets no number of wrong codes at the same moment past the count', async () => {
    const owner = await user();
    const app = await begun(owner);
    const check = jest.spyOn(service.app.get(SecondFactors, { strict: false }), 'checkEnrolment');
    const answers = await Promise.all(Array.from({ length: 25 }, () => confirm(app.wrongCode(), owner)));
    expect(check.mock.calls.length).toBeLessThanOrEqual(10);
    check.mockRestore();
    expect(new Set(statuses(answers))).toEqual(new Set([401, 429]));
  });

  it('takes no other field, and no other type', async () => {
    const owner = await user();
    const invalid = async (path: string, json: object): Promise<string[]> =>
      fieldsOf(expectProblem(await call(path, json, owner), 400, 'validation_failed'));
    expect(await invalid('/api/me/totp', { password: PASSWORD, code: '123456' })).toEqual(['code']);
    expect(await invalid('/api/me/totp', { password: 1 })).toEqual(['password']);
    expect(await invalid('/api/me/totp/confirm', { code: 123456, secret: 'x' })).toEqual(['code', 'secret']);
    expect(await invalid('/api/me/totp/confirm', { code: '1'.repeat(65) })).toEqual(['code']);
    expect(await invalid('/api/me/totp/remove', { password: PASSWORD, code: null })).toEqual(['code']);
    expect(await invalid('/api/me/recovery-codes', { code: '123456' })).toEqual(['password']);
  });

  it('is not confirmed by a code of a secret that is replaced just then', async () => {
    const owner = await user();
    const app = await begun(owner);
    const replaced: [string, unknown[]] = [
      `WITH owner AS (SELECT id FROM users WHERE email = $1 FOR UPDATE)
       UPDATE totp_factors SET sealed_secret = 'another one' FROM owner WHERE user_id = id`,
      [owner.email],
    ];
    const [answer] = await whileHeld(
      replaced,
      () => confirm(app.code(), owner),
      () => login(owner.email),
    );
    expectProblem(answer, 401, 'mfa_invalid');
    expect(await column('mfa_enabled', owner)).toBe(false);
    expect(await events('authn_mfa_enrolled', owner)).toEqual([]);
  });

  it('opens no session for a sign-in that had checked the password alone', async () => {
    const owner = await user();
    const app = await begun(owner);
    const [confirmed, signedIn] = await whileHeld(
      rowOf(owner),
      () => confirm(app.code(), owner),
      () => login(owner.email),
    );
    expect(confirmed.status).toBe(200);
    expectProblem(signedIn, 401, 'invalid_credentials');
    const live = await service.sql<{ id: string }>(
      `SELECT s.id FROM sessions s JOIN users u ON u.id = user_id WHERE u.email = $1 AND revoked_at IS NULL`,
      [owner.email],
    );
    expect(live).toEqual([{ id: owner.tokens.sessionId }]);
  });

  it('leaves no factor behind from a session that is ended just then', async () => {
    // The first session of the two that are ended is the older one.
    const owner = await user();
    const thief = { ...owner, tokens: await service.api.signIn({ email: owner.email, password: PASSWORD }) };
    const app = await begun(thief);
    const first: [string, unknown[]] = ['SELECT 1 FROM sessions WHERE id = $1 FOR UPDATE', [owner.tokens.sessionId]];
    const [ended, confirmed] = await whileHeld(
      first,
      () => call('/api/logout/all', {}, owner),
      () => confirm(app.code(), thief),
    );
    expect(ended.status).toBe(204);
    expectProblem(confirmed, 401, 'mfa_invalid');
    expect(await column('mfa_enabled', owner)).toBe(false);
    expect((await login(owner.email)).status).toBe(200);
  });

  it('is not begun with a password that is changed just then', async () => {
    const owner = await user();
    const answer = await afterPasswordChange(owner, () => call('/api/me/totp', { password: PASSWORD }, owner));
    expectProblem(answer, 401, 'invalid_credentials');
    expect(await rowsOf('totp_factors', owner)).toBe(0);
  });
});

describe('new recovery codes', () => {
  it('take the password and one code, and are an event and a mail', async () => {
    const owner = await enrolled();
    expectProblem(await replace({}, owner), 401, 'mfa_required');
    expectProblem(await replace({ code: owner.app.wrongCode() }, owner), 401, 'mfa_invalid');
    expectProblem(
      await replace({ password: `${PASSWORD}!`, code: owner.app.nextCode() }, owner),
      401,
      'invalid_credentials',
    );
    expect(await events('authn_recovery_codes_replaced', owner)).toEqual([]);
    // A wrong password has not spent the code.
    const answer = await replace({ code: owner.app.code() }, owner);
    expect([answer.status, new Set(answer.body.recoveryCodes).size]).toEqual([200, 10]);
    expect(await events('authn_recovery_codes_replaced', owner)).toMatchObject([
      { outcome: 'success', session_id: owner.tokens.sessionId },
    ]);
    expect(await mails('recovery_codes_replaced', owner)).toHaveLength(1);
  });

  it('end the second steps that are under way', async () => {
    const owner = await enrolled();
    const mfaToken = await firstStep(owner.email);
    const { body } = await replace({ recoveryCode: owner.recoveryCodes[0] }, owner);
    expect(await rowsOf('mfa_challenges', owner)).toBe(0);
    const late = { mfaToken, recoveryCode: body.recoveryCodes[0] };
    expectProblem(await service.api.post('/api/login/mfa', late), 401, 'mfa_invalid');
  });

  it('leave access tokens as they are', async () => {
    const owner = await enrolled();
    expect((await replace({ recoveryCode: owner.recoveryCodes[0] }, owner)).status).toBe(200);
    expect((await service.api.get('/api/me', owner.tokens.accessToken)).status).toBe(200);
  });

  it('are made once by those who come at the same moment, and the answer’s are the ones that are good', async () => {
    const owner = await enrolled();
    const answers = await Promise.all(
      owner.recoveryCodes.slice(0, 4).map((recoveryCode) => replace({ recoveryCode }, owner)),
    );
    const made = answers.filter(({ status }) => status === 200);
    expect(made.length).toBeGreaterThan(0);
    expect(await events('authn_recovery_codes_replaced', owner)).toHaveLength(made.length);
    expect(await rowsOf('recovery_codes', owner)).toBe(10);
    const good = await Promise.all(
      made.map(async ({ body }) => (await secondStep(owner.email, { recoveryCode: body.recoveryCodes[0] })).status),
    );
    expect(good.filter((status) => status === 200)).toHaveLength(1);
  });

  it.each(['/api/me/recovery-codes', '/api/me/totp/remove'])(
    'are not asked of %s with both kinds of code',
    async (path) => {
      const owner = await enrolled();
      const both = { password: PASSWORD, code: owner.app.nextCode(), recoveryCode: owner.recoveryCodes[0] };
      const problem = expectProblem(await call(path, both, owner), 400, 'validation_failed');
      expect(fieldsOf(problem)).toEqual(['recoveryCode']);
      // Neither has been spent.
      expect((await secondStep(owner.email, { code: both.code })).status).toBe(200);
      expect((await secondStep(owner.email, { recoveryCode: both.recoveryCode })).status).toBe(200);
    },
  );
});

describe('the removal of the second factor', () => {
  it('is not made with a password that is changed just then, and nor are new recovery codes', async () => {
    const owner = await enrolled();
    const [first, second, third] = owner.recoveryCodes;
    const answers = [
      await afterPasswordChange(owner, () => remove({ recoveryCode: first }, owner)),
      await afterPasswordChange(owner, () => replace({ recoveryCode: second }, owner)),
    ];
    for (const answer of answers) expectProblem(answer, 401, 'invalid_credentials');
    expect(await column('mfa_enabled', owner)).toBe(true);
    expect((await secondStep(owner.email, { recoveryCode: third })).status).toBe(200);
  });

  it('is one event, one mail and one step of the user’s version, however many ask for it at the same moment', async () => {
    const owner = await enrolled();
    const version = Number(await column('ver', owner));
    const answers = await Promise.all(
      owner.recoveryCodes.slice(0, 5).map((recoveryCode) => remove({ recoveryCode }, owner)),
    );
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(await column('ver', owner)).toBe(version + 1);
    expect(await column('mfa_enabled', owner)).toBe(false);
    expect(await events('authn_mfa_removed', owner)).toHaveLength(1);
    expect(await mails('mfa_disabled', owner)).toHaveLength(1);
  });

  it('opens no session for a second step whose code was right just before', async () => {
    const owner = await enrolled();
    const [first, second] = owner.recoveryCodes;
    const mfaToken = await firstStep(owner.email);
    const [removed, signedIn] = await whileHeld(
      rowOf(owner),
      () => remove({ recoveryCode: first }, owner),
      () => service.api.post<Problem>('/api/login/mfa', { mfaToken, recoveryCode: second }),
    );
    expect(removed.status).toBe(204);
    expectProblem(signedIn, 401, 'mfa_invalid');
  });

  it('leaves no second step to a sign-in that had checked the password before', async () => {
    const owner = await enrolled();
    const [removed, signedIn] = await whileHeld(
      rowOf(owner),
      () => remove({ recoveryCode: owner.recoveryCodes[0] }, owner),
      () => login(owner.email),
    );
    expect(removed.status).toBe(204);
    expectProblem(signedIn, 401, 'mfa_required');
    expect(await rowsOf('mfa_challenges', owner)).toBe(0);
    const { mfaToken } = signedIn.body;
    const answer = await service.api.post<Problem>('/api/login/mfa', {
      mfaToken,
      recoveryCode: owner.recoveryCodes[1],
    });
    expectProblem(answer, 401, 'mfa_invalid');
    expect((await login(owner.email)).status).toBe(200);
  });
});
