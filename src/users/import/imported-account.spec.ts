import fc from 'fast-check';
import { readImportedAccount } from './imported-account.js';

const BCRYPT = '$2b$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W';
const ARGON2ID = '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc';
const email = 'ann@example.com';

const reasonOf = (fields: unknown): string | undefined => {
  const reading = readImportedAccount(JSON.stringify(fields));
  return reading.kind === 'refused' ? reading.reason : undefined;
};

describe('readImportedAccount', () => {
  it('needs an address alone', () => {
    expect(readImportedAccount('{"email":"ann@example.com"}')).toEqual({
      kind: 'account',
      account: { email, roles: [], emailVerified: false },
    });
  });

  it('brings address, name and roles to the form in which they are stored', () => {
    const line = {
      email: ' Ann@EXAMPLE.com',
      passwordHash: BCRYPT,
      name: ' Jose\u0301 ',
      roles: ['admin', 'team:support', 'admin'],
      emailVerified: true,
    };
    expect(readImportedAccount(` ${JSON.stringify(line)}\t`)).toEqual({
      kind: 'account',
      account: {
        email,
        passwordHash: BCRYPT,
        name: 'Jos\u00e9',
        roles: ['admin', 'team:support'],
        emailVerified: true,
      },
    });
  });

  it('takes null for no name and no password', () => {
    expect(reasonOf({ email, name: null, passwordHash: null })).toBeUndefined();
  });

  it.each([
    BCRYPT,
    BCRYPT.replace('2b', '2a'),
    BCRYPT.replace('2b', '2y'),
    BCRYPT.replace('$10', '$15'),
    ARGON2ID,
    ARGON2ID.replace('m=256,t=2,p=2', 'm=262144,t=16,p=16'),
    ARGON2ID.replace('m=256,t=2,p=2', 'm=8,t=1,p=1'),
  ])('takes the hash %s', (passwordHash) => {
    expect(reasonOf({ email, passwordHash })).toBeUndefined();
  });

  it.each([
    ['a bcrypt cost', BCRYPT.replace('$10', '$09')],
    ['a bcrypt cost', BCRYPT.replace('$10', '$16')],
    ['a bcrypt cost', BCRYPT.replace('$10', '$31')],
    ['a bcrypt hash', BCRYPT.replace('2b', '2x')],
    ['a bcrypt hash', BCRYPT.replace('2b', '2')],
    ['a bcrypt hash', BCRYPT.replace('$10', '$1')],
    ['a bcrypt hash', BCRYPT.slice(0, -1)],
    ['a bcrypt hash', `${BCRYPT}.`],
    ['a bcrypt hash', `${BCRYPT}\n`],
    ['a bcrypt hash', ` ${BCRYPT}`],
    // Bits that no implementation sets: a hash that would match nothing.
    ['a bcrypt hash', `${BCRYPT.slice(0, -1)}X`],
    ['a bcrypt hash', BCRYPT.replace('uuGG', 'uvGG')],
    ['a bcrypt hash', ''],
    ['a bcrypt hash', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['a bcrypt hash', '$6$rounds=5000$salt$hash'],
    ['an Argon2id hash', ARGON2ID.replace('argon2id', 'argon2i')],
    ['an Argon2id hash', ARGON2ID.replace('v=19', 'v=16')],
    ['an Argon2id hash', ARGON2ID.replace('v=19$', '')],
    ['an Argon2id hash', ARGON2ID.replace('m=256,t=2', 't=2,m=256')],
    ['an Argon2id hash', ARGON2ID.replace('p=2', 'p=2,keyid=x')],
    ['an Argon2id hash', ARGON2ID.replace('m=256', 'm=0256')],
    ['an Argon2id hash', ARGON2ID.replace('m=256', 'm=-1')],
    ['an Argon2id hash', ARGON2ID.replace('m=256', 'm=99999999999')],
    ['an Argon2id hash', ARGON2ID.replace('t=2', 't=0')],
    ['an Argon2id hash', ARGON2ID.replace('c29tZXNhbHQ', 'c29tZXNhbHQ=')],
    ['an Argon2id hash', ARGON2ID.replace('c29tZXNhbHQ', 'c2E')],
    ['an Argon2id hash', ARGON2ID.slice(0, -1 - 22)],
    ['an Argon2id hash', `${ARGON2ID}AA`],
    ['Argon2id parameters', ARGON2ID.replace('m=256', 'm=262145')],
    ['Argon2id parameters', ARGON2ID.replace('m=256', 'm=4294967295')],
    ['Argon2id parameters', ARGON2ID.replace('m=256', 'm=15')],
    ['Argon2id parameters', ARGON2ID.replace('t=2', 't=17')],
    ['Argon2id parameters', ARGON2ID.replace('p=2', 'p=17')],
  ])('asks for %s instead of %j', (wanted, passwordHash) => {
    const reason = reasonOf({ email, passwordHash });
    expect(reason).toMatch(/^passwordHash must /);
    expect(reason).toContain(wanted.replace(/^an? /, ''));
  });

  it.each([
    [{}, 'email must be an e-mail address'],
    [{ email: null }, 'email must be an e-mail address'],
    [{ email: ['ann@example.com'] }, 'email must be an e-mail address'],
    [{ email: 'ann@localhost' }, 'email must be an e-mail address'],
    [{ email, passwordHash: 1 }, 'passwordHash must be text or null'],
    [{ email, name: '' }, 'name must be 1 to 100 characters of text on one line, or null'],
    [{ email, name: 'An\u0000n' }, 'name must be 1 to 100 characters of text on one line, or null'],
    [{ email, name: 7 }, 'name must be 1 to 100 characters of text on one line, or null'],
    [{ email, roles: null }, 'roles must be a list'],
    [{ email, roles: 'admin' }, 'roles must be a list'],
    [{ email, roles: [null] }, 'roles must be text'],
    [{ email, roles: ['Admin'] }, 'roles must each match ^[a-z][a-z0-9_:-]{0,31}$'],
    [{ email, roles: ['a,b'] }, 'roles must each match ^[a-z][a-z0-9_:-]{0,31}$'],
    [{ email, roles: ['admin\n'] }, 'roles must each match ^[a-z][a-z0-9_:-]{0,31}$'],
    [{ email, roles: Array.from({ length: 17 }, (_, at) => `r${at}`) }, 'roles must be at most 16'],
    [{ email, emailVerified: 'yes' }, 'emailVerified must be true or false'],
    [{ email, emailVerified: null }, 'emailVerified must be true or false'],
    [{ email, Email: 1, password_hash: 1 }, 'Email is no field of an account; password_hash is no field of an account'],
    [{ email: 1, roles: 1 }, 'email must be an e-mail address; roles must be a list'],
  ])('refuses %j and says what it must be', (fields, reason) => {
    expect(reasonOf(fields)).toBe(reason);
  });

  it.each([
    '',
    '{',
    '[]',
    '[{"email":"ann@example.com"}]',
    'null',
    '1',
    '"ann@example.com"',
    '{"email":"ann@example.com"},',
    '{"email":"ann@example.com"}{}',
    "{'email':1}",
  ])('refuses the line %j', (line) => {
    expect(readImportedAccount(line)).toEqual({ kind: 'refused', reason: 'the line must be one JSON object' });
  });

  it('does not take a field named like a member of every object for one of its own', () => {
    for (const field of ['__proto__', 'constructor', 'toString']) {
      expect(readImportedAccount(`{"email":"ann@example.com","${field}":{"roles":["admin"]}}`).kind).toBe('refused');
    }
    expect(({} as { roles?: unknown }).roles).toBeUndefined();
  });

  it('never repeats what a line holds', () => {
    const canary = fc.string({ minLength: 1, maxLength: 8 }).map((text) => `canary@${text}$2b$`);
    const value = fc.oneof(canary, fc.array(canary), fc.dictionary(canary, canary));
    const line = fc
      .record(
        { email: value, passwordHash: value, name: value, roles: value, emailVerified: value },
        { requiredKeys: [] },
      )
      .chain((fields) => fc.dictionary(canary, value).map((others) => ({ ...fields, ...others })));
    const text = fc.oneof(
      line.map((fields) => JSON.stringify(fields)),
      line.map((fields) => JSON.stringify(fields).slice(1)),
    );
    fc.assert(
      fc.property(text, (each) => {
        const reading = readImportedAccount(each);
        if (reading.kind === 'refused') expect(reading.reason).not.toContain('canary');
      }),
    );
  });
});
