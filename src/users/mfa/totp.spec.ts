import fc from 'fast-check';
import { newTotpSecret, stepOf, totpKeyOf } from './totp.js';

const SECRET = Buffer.from('12345678901234567890');
const at = (seconds: number): Date => new Date(seconds * 1000);

describe('stepOf', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('finds the step of second %i by the code of RFC 6238, appendix B', (seconds, code) => {
    expect(stepOf(SECRET, code, at(seconds))).toBe(Math.floor(seconds / 30));
  });

  it('accepts the code of one step either way, and says whose it is', () => {
    const step = Math.floor(1_111_111_109 / 30);
    for (const seconds of [-30, 0, 30]) expect(stepOf(SECRET, '081804', at(1_111_111_109 + seconds))).toBe(step);
    for (const seconds of [-60, 60]) expect(stepOf(SECRET, '081804', at(1_111_111_109 + seconds))).toBeUndefined();
  });

  it('takes a blank between the groups that apps show, and no other text', () => {
    expect(stepOf(SECRET, '287 082', at(59))).toBe(1);
    for (const text of [
      '',
      '28708',
      '2870820',
      '28 7082',
      ' 287082',
      '287082\n',
      '287-082',
      '２８７０８２',
      '94287082',
    ]) {
      expect(stepOf(SECRET, text, at(59))).toBeUndefined();
    }
  });

  it('accepts no text but six digits, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d{3} ?\d{3}$/.test(text));
        expect(stepOf(SECRET, text, at(59))).toBeUndefined();
      }),
    );
  });

  it('knows another secret’s code as wrong', () => {
    expect(stepOf(Buffer.from('12345678901234567891'), '287082', at(59))).toBeUndefined();
  });
});

describe('totpKeyOf', () => {
  it('tells an authenticator app all that it needs, with the address escaped', () => {
    const { secret, otpauthUri } = totpKeyOf(SECRET, 'auth.example.com', 'ada+x@example.com');
    expect(secret).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(otpauthUri).toBe(
      `otpauth://totp/auth.example.com:ada%2Bx%40example.com?issuer=auth.example.com&secret=${secret}&algorithm=SHA1&digits=6&period=30`,
    );
  });
});

describe('newTotpSecret', () => {
  it('has 160 random bits (RFC 4226 §4)', () => {
    const secrets = Array.from({ length: 20 }, () => newTotpSecret());
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(20);
    expect(secrets.every(({ length }) => length === 20)).toBe(true);
  });
});
