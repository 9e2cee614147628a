import { createHash, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { isDerived, secretList } from './secrets.js';
import { Secret } from '../../shared/secret.js';

const reveal = (text: string): string[] | undefined => {
  const parsed = secretList(text);
  return parsed.ok ? parsed.value.map((secret) => secret.reveal()) : undefined;
};

// fast-check's own bytes prefer remarkable values, such as all zero; hashed they are as random as a key, and come again by seed.
const randomKey = fc.string().map((seed) => createHash('sha256').update(seed).digest());

describe('secrets', () => {
  it.each(['hex', 'base64', 'base64url'] as const)('takes any 32 random bytes in %s', (encoding) => {
    fc.assert(
      fc.property(randomKey, (bytes) => {
        const text = bytes.toString(encoding);
        expect(reveal(text)).toEqual([text]);
      }),
      { numRuns: 300 },
    );
  });

  it('takes upper case hexadecimal, longer ones, and a list of them in its order', () => {
    const texts = [
      randomBytes(32).toString('hex').toUpperCase(),
      randomBytes(64).toString('base64'),
      randomBytes(48).toString('hex'),
    ];

    expect(reveal(texts.join(','))).toEqual(texts);
  });

  it.each([
    ['short', randomBytes(23).toString('base64').slice(0, 31)],
    ['longer than any key', randomBytes(400).toString('base64')],
    ['one character repeated', 'a'.repeat(64)],
    ['a short period', 'abc'.repeat(20)],
    ['a long period', 'Xk9#mP2$vL5@'.repeat(4)],
    ['counted up', '0123456789'.repeat(5)],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
    ['two sequences in turn', 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6'],
    ['doubled letters', 'aabbccddeeffgghhiijjkkllmmnnoopp'],
    ['keyboard rows', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
    ['keyboard rows backwards', 'poiuytrewqlkjhgfdsamnbvcxz0987654321'],
    ['words', 'correct horse battery staple is my secret key'],
    ['words without blanks', 'ThisIsMyLongJwtKeyForProduction2024!!'],
    ['words in leet', 'P@ssw0rd-s3cr3t-t0k3n-dr4g0n-m0nk3y'],
    ['a sentence', 'the quick brown fox jumps over the lazy dog and runs away'],
    ['words spelt in base64', Buffer.from('my super secret key for the app').toString('base64')],
    ['words spelt in hexadecimal', Buffer.from('my super secret key for the app').toString('hex')],
    ['128 bits in hexadecimal', randomBytes(16).toString('hex')],
    ['a UUID', randomUUID()],
    ['a word before 128 bits', `changeme_${randomBytes(16).toString('hex')}`],
    ['emoji', '😀'.repeat(20)],
    ['dates', '20230101202302022023030320230404'],
    ['nearly empty', `${'0'.repeat(60)}1f3a`],
    ["jwt.io's", 'your-256-bit-secret-your-256-bit-secret'],
    ["jwt.io's newer", 'a-string-secret-at-least-256-bits-long'],
    ["Supabase's", 'super-secret-jwt-token-with-at-least-32-characters-long'],
    ["FastAPI's", '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'],
    ["Nest's", 'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.'],
    [
      "RFC 7515's in the other base64",
      'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ+EstJQLr/T+1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow==',
    ],
    ['a placeholder', `changeme-${randomBytes(32).toString('hex')}`],
    ['an unfilled template', '${JWT_SECRET_FROM_THE_VAULT_OF_x7Kq9TzPw2Lm}'],
    ['with a line break at its end', `${randomBytes(32).toString('hex')}\n`],
    ['with a blank before it', ` ${randomBytes(32).toString('hex')}`],
    ['with a control character in it', `${randomBytes(32).toString('hex')}\0${randomBytes(32).toString('hex')}`],
  ])('refuses what is %s', (_, text) => {
    expect(reveal(text)).toBeUndefined();
  });

  it('counts bytes, not characters', () => {
    const letters = Array.from({ length: 24 }, (_, index) =>
      String.fromCodePoint(0x4e00 + ((index * index * 7919 + 13) % 20_000)),
    );

    expect(Buffer.byteLength(letters.join(''))).toBeGreaterThanOrEqual(32);
    expect(reveal(letters.join(''))).toEqual([letters.join('')]);
  });

  it('refuses a list with an empty, a repeated or a derived entry, and one without end', () => {
    const [one, two] = [randomBytes(32).toString('hex'), randomBytes(32).toString('base64')];

    expect(reveal(`${one},`)).toBeUndefined();
    expect(reveal(`${one},,${two}`)).toBeUndefined();
    expect(reveal(`${one}, ${two}`)).toBeUndefined();
    expect(reveal(`${one},${one}`)).toBeUndefined();
    expect(reveal(`${one},${one.toUpperCase()}`)).toBeUndefined();
    expect(reveal(`${one},refresh-${one}`)).toBeUndefined();
    expect(reveal(Array.from({ length: 9 }, () => randomBytes(32).toString('hex')).join(','))).toBeUndefined();
  });

  it('says which entry is at fault, and not what it is', () => {
    const parsed = secretList(`${randomBytes(32).toString('hex')},tooShortToBeOne`);

    expect(parsed.ok ? '' : parsed.fault).toContain('number 2 has not 32 to 512 bytes');
    expect(JSON.stringify(parsed)).not.toContain('tooShortToBeOne');
  });

  it('tells a secret made from others from an independent one', () => {
    const [one, two, three] = [1, 2, 3].map(() => new Secret(randomBytes(32).toString('base64url')));
    if (one === undefined || two === undefined || three === undefined) {
      throw new Error('unreachable');
    }

    expect(isDerived(one.reveal(), [two, one])).toBe(true);
    expect(isDerived(`${one.reveal()}${two.reveal()}`, [one, two])).toBe(true);
    expect(isDerived(one.reveal().slice(0, 40), [one])).toBe(true);
    expect(isDerived(three.reveal(), [one, two])).toBe(false);
    expect(isDerived(three.reveal(), [])).toBe(false);
  });

  it('answers within a moment on the longest input, whatever it holds', () => {
    const before = performance.now();

    secretList(Array.from({ length: 8 }, () => 'a'.repeat(512)).join(','));
    secretList(Array.from({ length: 8 }, () => randomBytes(384).toString('base64')).join(','));

    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        expect(() => secretList(text)).not.toThrow();
      }),
    );
  });
});
