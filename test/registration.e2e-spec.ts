import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Answer, Problem } from './support/api.js';
import { MailDispatch } from '../src/mail/mail-dispatch.js';
import { eventuallyFound } from './support/eventually.js';
import { expectProblem, fieldsOf } from './support/problem.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const PASSWORD = 'seven quiet otters juggling';
const OTHER = 'eight noisy badgers resting';

/** The header fields and the plain text of a mail as its reader sees them. */
function readMail(file: string): { headers: string; text: string } {
  const source = readFileSync(file, 'latin1');
  const boundary = /boundary="?([^";\r\n]+)/.exec(source)?.[1];
  const part = boundary === undefined ? source : (source.split(`--${boundary}`)[1] ?? '');
  const [head = '', ...rest] = part.trimStart().split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const decoded = /quoted-printable/i.test(head)
    ? body
        .replaceAll(/=\r?\n/g, '')
        .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : /base64/i.test(head)
      ? Buffer.from(body, 'base64').toString('latin1')
      : body;
  const text = Buffer.from(decoded, 'latin1').toString('utf8');
  return { headers: source.slice(0, source.indexOf('\r\n\r\n')), text };
}

describe('registration', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp();
  });
  afterAll(() => service.close());

  const register = (json: Record<string, unknown>): Promise<Answer<Problem>> =>
    service.api.post<Problem>('/api/register', { password: PASSWORD, ...json });
  const mails = (to: string): string[] => {
    const { mail } = service.config;
    if (mail.kind !== 'files') throw new Error('this service writes no mail to files');
    return readdirSync(mail.directory)
      .filter((name) => !name.startsWith('.'))
      .map((name) => path.join(mail.directory, name))
      .filter((file) => new RegExp(`^To: .*${to}`, 'm').test(readFileSync(file, 'latin1')));
  };
  const countOf = async (email: string): Promise<number> =>
    Number((await service.sql<{ count: string }>('SELECT count(*) FROM users WHERE email = $1', [email]))[0]?.count);
  const essence = ({ status, headers, text }: Answer<unknown>): unknown => ({
    status,
    text,
    headers: [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id'),
  });

  it('answers 202 {}, and the account can sign in', async () => {
    const answer = await register({ email: 'New.User@Example.com', name: ' Ada Lovelace ' });
    expect([answer.status, answer.text]).toEqual([202, '{}']);
    const { accessToken } = await service.api.signIn({ email: 'new.user@example.com', password: PASSWORD });
    const me = await service.api.get('/api/me', accessToken);
    expect(me.body).toMatchObject({
      email: 'new.user@example.com',
      name: 'Ada Lovelace',
      emailVerified: false,
      roles: [],
      disabled: false,
      mfaEnabled: false,
    });
  });

  it('answers alike for a new address, a taken one and another spelling of it', async () => {
    const first = await register({ email: 'taken@example.com' });
    const again = await register({ email: 'taken@example.com', password: OTHER });
    const spelled = await register({ email: ' TAKEN@EXAMPLE.COM', password: OTHER });
    expect(essence(again)).toEqual(essence(first));
    expect(essence(spelled)).toEqual(essence(first));
    expect(await countOf('taken@example.com')).toBe(1);
  });

  it('changes nothing of an account that is there', async () => {
    await register({ email: 'kept@example.com', name: 'Kept' });
    const [before] = await service.sql(`SELECT * FROM users WHERE email = 'kept@example.com'`);
    await register({ email: 'kept@example.com', password: OTHER, name: 'Thief' });
    const [after] = await service.sql(`SELECT * FROM users WHERE email = 'kept@example.com'`);
    expect(after).toEqual(before);
    const thief = await service.api.post('/api/login', { email: 'kept@example.com', password: OTHER });
    expectProblem(thief, 401, 'invalid_credentials');
  });

  it('tells the owner of a taken address by mail, and quotes nothing that the stranger wrote', async () => {
    await register({ email: 'owner@example.com' });
    await register({ email: 'owner@example.com', password: OTHER, name: 'Click http://evil.example' });
    const [file = ''] = await eventuallyFound('a mail to the owner', () => {
      const found = mails('owner@example.com');
      return found.length > 0 ? found : undefined;
    });
    const { headers, text } = readMail(file);
    expect(headers).toMatch(/^To: .*owner@example\.com/m);
    expect(headers).toMatch(/^Subject: Someone tried to register with your address/m);
    expect(headers).toMatch(/^Auto-Submitted: auto-generated/m);
    expect(text).toContain('http://127.0.0.1:3000');
    expect(text).toContain('127.0.0.1');
    const whole = readFileSync(file, 'latin1');
    expect(whole).not.toMatch(/evil\.example|badgers|otters/);
    expect(mails('owner@example.com')).toHaveLength(1);
  });

  it('tells an admin, too, that someone tried to register the address', async () => {
    expect((await register({ email: ADMIN.email, password: OTHER })).status).toBe(202);
    await eventuallyFound('a mail to the admin', () => (mails(ADMIN.email).length > 0 ? true : undefined));
    await expect(service.api.signIn(ADMIN)).resolves.toBeDefined();
  });

  it('sends an address at most three of these mails an hour, silently', async () => {
    await register({ email: 'bombed@example.com' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => register({ email: 'bombed@example.com' })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    await eventuallyFound('three mails', () => (mails('bombed@example.com').length >= 3 ? true : undefined));
    await service.app.get(MailDispatch, { strict: false }).drain();
    expect(mails('bombed@example.com')).toHaveLength(3);
    service.clock.advance(60 * 60 + 1);
    await register({ email: 'bombed@example.com' });
    await eventuallyFound('a fourth', () => (mails('bombed@example.com').length === 4 ? true : undefined));
  });

  it('sends no mail to a new address', async () => {
    await register({ email: 'unmailed@example.com' });
    // The mail of a later registration has gone out, so that of an earlier one would have.
    await register({ email: 'marker@example.com' });
    await register({ email: 'marker@example.com' });
    await eventuallyFound('the mail of a later one', () => (mails('marker@example.com').length > 0 ? true : undefined));
    expect(mails('unmailed@example.com')).toEqual([]);
  });

  it.each([
    ['too_short', 'fourteen chars'],
    ['too_long', 'x y'.repeat(43)],
    ['too_long', '\u{1F600}'.repeat(129)],
    ['malformed', 'seven quiet otters \ud800'],
    ['common', 'passwordpassword'],
    ['common', 'aaaaaaaaaaaaaaaa'],
    ['contextual', 'weak@example.com'],
    ['contextual', 'gatehousegatehouse'],
  ])('refuses a password that is %s, with the reason and without the password', async (reason, password) => {
    const answer = await register({ email: 'weak@example.com', password });
    const problem = expectProblem(answer, 400, 'password_weak');
    expect(problem).toMatchObject({ reason });
    expect(answer.text).not.toContain(password);
    expect(await countOf('weak@example.com')).toBe(0);
  });

  it('refuses a weak password alike for a taken address', async () => {
    await register({ email: 'strong@example.com' });
    const taken = expectProblem(await register({ email: 'strong@example.com', password: 'x' }), 400, 'password_weak');
    const free = expectProblem(await register({ email: 'unheard@example.com', password: 'x' }), 400, 'password_weak');
    expect({ ...taken, requestId: '' }).toEqual({ ...free, requestId: '' });
  });

  it.each([
    'roles',
    'disabled',
    'id',
    'emailVerified',
    'email_verified_at',
    'ver',
    'passwordHash',
    'createdAt',
    'toString',
  ])('refuses %s in the body, and makes no account', async (field) => {
    const answer = await register({ email: 'greedy@example.com', [field]: ['admin'] });
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual([field]);
    expect(await countOf('greedy@example.com')).toBe(0);
  });

  it.each([
    ['empty', ''],
    ['blank', '   '],
    ['101 characters', 'x'.repeat(101)],
    ['a line end in it', 'Ada\nLovelace'],
    ['a NUL in it', 'Ada\u0000'],
    ['a turn of direction in it', 'Ada\u202egnp'],
    ['a number', 7],
    ['an object', { first: 'Ada' }],
  ])('refuses a name that is %s', async (_what, name) => {
    const answer = await register({ email: 'named@example.com', name });
    expect(fieldsOf(expectProblem(answer, 400, 'validation_failed'))).toEqual(['name']);
  });

  it('takes names in any script, up to 100 characters', async () => {
    const name = '\u{1F469}'.repeat(100);
    expect((await register({ email: 'scripts@example.com', name })).status).toBe(202);
    const { accessToken } = await service.api.signIn({ email: 'scripts@example.com', password: PASSWORD });
    expect((await service.api.get('/api/me', accessToken)).body).toMatchObject({ name });
  });

  it('makes one account of ten registrations at once, and answers them alike', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => register({ email: 'racer@example.com' })));
    expect(new Set(answers.map((answer) => JSON.stringify(essence(answer)))).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
    expect(await countOf('racer@example.com')).toBe(1);
    await expect(service.api.signIn({ email: 'racer@example.com', password: PASSWORD })).resolves.toBeDefined();
  });
});

describe('registration of an address that was never verified, where it must be', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp({ env: { REQUIRE_VERIFIED_EMAIL: 'on' } });
  });
  afterAll(() => service.close());

  it('replaces the password and the name of whoever came first, with the same answer', async () => {
    const squatter = { email: 'contested@example.com', password: PASSWORD, name: 'Squatter' };
    const owner = { email: 'contested@example.com', password: OTHER, name: 'Owner' };
    expect((await service.api.post('/api/register', squatter)).text).toBe('{}');
    expect((await service.api.post('/api/register', owner)).text).toBe('{}');
    expectProblem(await service.api.post('/api/login', { ...squatter, name: undefined }), 401, 'invalid_credentials');
    expectProblem(await service.api.post('/api/login', { ...owner, name: undefined }), 403, 'email_unverified');
  });
});

describe('closed registration', () => {
  it.each([{ REGISTRATION: 'closed' }, { MAIL: 'off' }])('refuses everyone alike under %p', async (env) => {
    const service = await startTestApp({ env });
    try {
      for (const email of [ADMIN.email, 'new@example.com']) {
        const answer = await service.api.post('/api/register', { email, password: PASSWORD });
        expectProblem(answer, 403, 'registration_closed');
        expect(answer.headers.has('www-authenticate')).toBe(false);
      }
      expect(await service.sql('SELECT count(*)::int AS count FROM users')).toEqual([{ count: 1 }]);
    } finally {
      await service.close();
    }
  });
});
