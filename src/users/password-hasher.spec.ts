import { Logger } from '@nestjs/common';
import { argon2id, hash as encode } from 'argon2';
import fc from 'fast-check';
import type { AppConfig } from '../config/app-config.js';
import { Metrics } from '../observability/metrics.js';
import { PasswordHasher } from './password-hasher.js';
import { OverloadedError } from './users.errors.js';

const cheap = { minLength: 15, argon2MemoryKiB: 1024, argon2Time: 2, hashConcurrency: 1 };
const hasherWith = (passwords: Partial<typeof cheap> = {}): PasswordHasher => {
  const config: Partial<AppConfig> = { passwords: { ...cheap, ...passwords } };
  return new PasswordHasher(config as AppConfig, new Metrics());
};
const hasher = hasherWith();
const password = 'correct horse battery staple';
/** As another system does it: of the text as it was typed. */
const encodeArgon2id = (text: string): Promise<string> =>
  encode(text, { type: argon2id, memoryCost: 1024, timeCost: 2, parallelism: 1 });

describe('PasswordHasher', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });

  it('makes a salted Argon2id hash with the configured parameters', async () => {
    const [one, other] = [await hasher.hash(password), await hasher.hash(password)];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=1024,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(other);
  });

  it('matches the password alone, however its accents were typed', async () => {
    const stored = await hasher.hash('caf\u00e9 horse battery');
    expect(await hasher.verify(stored, 'cafe\u0301 horse battery')).toBe('match');
    expect(await hasher.verify(stored, 'Caf\u00e9 horse battery')).toBe('mismatch');
    expect(await hasher.verify(stored, 'caf\u00e9 horse battery ')).toBe('mismatch');
  });

  it('matches every spelling of a text, and no other text', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('NFC', 'NFD', 'NFKC', 'NFKD'), text, async (typed, form, other) => {
        fc.pre(typed.normalize('NFKC') !== other.normalize('NFKC'));
        const stored = await hasher.hash(typed);
        expect(await hasher.verify(stored, typed.normalize(form))).toBe('match');
        expect(await hasher.verify(stored, other)).toBe('mismatch');
        expect(await hasher.verify(stored, ` ${typed}`)).toBe('mismatch');
      }),
      { numRuns: 50 },
    );
  });

  it('does not stop at a NUL character', async () => {
    const stored = await hasher.hash('correct\u0000horse');
    expect(await hasher.verify(stored, 'correct\u0000zebra')).toBe('mismatch');
  });

  it.each([
    ['less memory', { argon2MemoryKiB: 2048 }],
    ['fewer passes', { argon2Time: 3 }],
  ])('says that a hash with %s than configured is due for another', async (_, raised) => {
    expect(await hasherWith(raised).verify(await hasher.hash(password), password)).toBe('match_rehash_due');
  });

  it('leaves a hash with more than the configured parameters as it is', async () => {
    const stronger = await hasherWith({ argon2MemoryKiB: 2048, argon2Time: 3 }).hash(password);
    expect(await hasher.verify(stronger, password)).toBe('match');
  });

  it.each([
    '',
    'plain text',
    '$argon2id$',
    '$argon2id$v=19$m=1024,t=2,p=1$',
    '$argon2id$v=19$m=1024,t=2,p=1$c2FsdA$aGFzaA',
  ])('answers a stored hash like %j with a mismatch', async (stored) => {
    expect(await hasher.verify(stored, password)).toBe('mismatch');
  });

  it.each([
    ['there is no account', null, password],
    ['the password is over-long', undefined, 'a'.repeat(100_000)],
    ['the password is malformed', undefined, '\ud800'],
    ['bcrypt would cut it', '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', 'a'.repeat(73)],
  ])('takes as long as a real check where %s', async (_, stored, text) => {
    const slow = hasherWith({ argon2MemoryKiB: 19_456 });
    await slow.onModuleInit();
    const hash = await slow.hash(password);
    const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
      const start = performance.now();
      await work();
      return performance.now() - start;
    };
    const real: number[] = [];
    const dummy: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      real.push(await timeOf(() => slow.verify(hash, 'wrong horse battery staple')));
      dummy.push(await timeOf(() => slow.verify(stored === undefined ? hash : stored, text)));
    }
    expect(Math.min(...dummy)).toBeGreaterThan(Math.min(...real) / 2);
    expect(Math.min(...dummy)).toBeLessThan(Math.min(...real) * 2);
  });

  describe('of an imported hash', () => {
    // Made by libxcrypt.
    const hashes = (hash: string): string[] =>
      ['2a', '2b', '2y'].map((version) => `$${version}$10$abcdefghijklmnopqrstuu${hash}`);
    const cafe = {
      decomposed: { typed: 'cafe\u0301 horse battery \u00ba', hash: 'qVHGP9tnNeFQhrWOFJdCtZ.ilihuMqy' },
      composed: { typed: 'caf\u00e9 horse battery \u00ba', hash: 'TUcnLb4SyySs1W9elK6HL2n6hsd4krm' },
      normalised: { typed: 'caf\u00e9 horse battery o', hash: 'Bh3jhOjpDQFH/3pS5bFzyjMzYOvmF4C' },
    };

    it.each(hashes('GGgFFcYeueaAql8Z7U7CnCTRw4DR77W'))('checks %s, and replaces it at a match', async (stored) => {
      expect(await hasher.verify(stored, password)).toBe('match_rehash_due');
      expect(await hasher.verify(stored, `${password} `)).toBe('mismatch');
      expect(await hasher.verify(stored, '')).toBe('mismatch');
    });

    it.each([
      ['12', '$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW', 'abc123xyz'],
      ['10, as PHP writes it', '$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a', 'rasmuslerdorf'],
    ])('knows published bcrypt hashes of cost %s', async (_, stored, text) => {
      expect(await hasher.verify(stored, text)).toBe('match_rehash_due');
    });

    it.each([
      ['$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc', 'match_rehash_due'],
      ['$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', 'match'],
    ])('knows %s of the reference implementation', async (stored, verdict) => {
      expect(await hasher.verify(stored, 'password')).toBe(verdict);
      expect(await hasher.verify(stored, 'Password')).toBe('mismatch');
    });

    it('matches the text as it was typed and in its normal form, whichever was hashed', async () => {
      const { decomposed, composed, normalised } = cafe;
      for (const { typed, hash } of Object.values(cafe)) {
        const [stored = ''] = hashes(hash);
        expect(await hasher.verify(stored, typed)).toBe('match_rehash_due');
      }
      const [ofNormalised = ''] = hashes(normalised.hash);
      expect(await hasher.verify(ofNormalised, decomposed.typed)).toBe('match_rehash_due');
      // What another system took for two passwords are two here until one of them is replaced.
      const [ofComposed = ''] = hashes(composed.hash);
      expect(await hasher.verify(ofComposed, decomposed.typed)).toBe('mismatch');
    });

    it('replaces an Argon2id hash that was made of text in another form than ours', async () => {
      const { typed } = cafe.decomposed;
      expect(await hasher.verify(await encodeArgon2id(typed), typed)).toBe('match_rehash_due');
      expect(await hasher.verify(await hasher.hash(typed), typed)).toBe('match');
    });

    it('refuses what bcrypt would cut, rather than cut it', async () => {
      const whole = '0123456789'.repeat(7) + 'ab';
      for (const stored of hashes('FDtQhQzvgcjDZEtaF9g2Qalio.A3kyy')) {
        expect(await hasher.verify(stored, whole)).toBe('match_rehash_due');
        for (const longer of [`${whole}c`, `${whole}\u0000`, `${whole} and more`]) {
          expect(await hasher.verify(stored, longer)).toBe('mismatch');
        }
      }
      for (const stored of hashes('4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S')) {
        expect(await hasher.verify(stored, 'x')).toBe('match_rehash_due');
        expect(await hasher.verify(stored, 'x\u0000anything')).toBe('mismatch');
      }
    });

    it('counts bytes, not characters', async () => {
      const bytes = '\u00e9'.repeat(36);
      const [stored = ''] = hashes('3WPvXjVwyQ/qCoOEhfsb8Hz5o0U5kEi');
      expect(await hasher.verify(stored, bytes)).toBe('match_rehash_due');
      expect(await hasher.verify(stored, `${bytes}\u00e9`)).toBe('mismatch');
    });

    it.each([
      ['bcrypt of cost 9', '$2b$09$abcdefghijklmnopqrstuu8cWbL0yfvsrocNWHBkRIqLkcornPF92'],
      ['bcrypt of cost 16', '$2b$16$abcdefghijklmnopqrstuuwuTKL.SuzyL/ye7dAqgZAjeKSrCovI.'],
      ['$2x$', '$2x$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W'],
      ['more memory', '$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$mAD3KFo95Gc9ybr4HF02ibZmN2Mt6Uzx/L72L3wHNyY'],
      ['more passes', '$argon2id$v=19$m=256,t=17,p=1$c29tZXNhbHQ$1AVRxd3bgeaOlpQDubDhuxt4QUuAZ+URZPLIHe4qA/s'],
      ['more lanes', '$argon2id$v=19$m=256,t=1,p=17$c29tZXNhbHQ$0AQ4VmbALTn+/YS25No/Kn5bjwp9muDAQiycG8sLXzw'],
      ['a short hash', '$argon2id$v=19$m=256,t=1,p=1$c29tZXNhbHQ$HNURbezWWmFJKM7n'],
      ['version 16', '$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$gPNDqiHq5JVY0ylAfFOpPmb9kojpcjb1l4szqBT4o40'],
      ['Argon2i', '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$1OZ93Z3/8pDIulR/ooX/6xTdY0Qdy2+bLjTgVric38U'],
    ])('computes none with %s, though the password is right', async (_, stored) => {
      expect(await hasher.verify(stored, password)).toBe('mismatch');
    });

    it('waits in the same queue', async () => {
      const busy = hasherWith();
      const [stored = ''] = hashes('GGgFFcYeueaAql8Z7U7CnCTRw4DR77W');
      const crowd = Array.from({ length: 17 }, () => busy.verify(stored, `${password}!`));
      expect(busy.depth).toMatchObject({ running: 1, waiting: 16 });
      await expect(busy.verify(stored, password)).rejects.toBeInstanceOf(OverloadedError);
      await Promise.all(crowd);
    });
  });

  it('refuses alike, for known and unknown accounts, what finds the queue full', async () => {
    const busy = hasherWith();
    const stored = await busy.hash(password);
    const crowd = Array.from({ length: 17 }, () => busy.verify(stored, password));
    expect(busy.depth).toMatchObject({ running: 1, waiting: 16 });
    await expect(busy.verify(stored, password)).rejects.toBeInstanceOf(OverloadedError);
    await expect(busy.verify(null, password)).rejects.toBeInstanceOf(OverloadedError);
    await expect(busy.hash(password)).rejects.toBeInstanceOf(OverloadedError);
    await Promise.all(crowd);
  });

  it('stops the start where the parameters do not work', async () => {
    await expect(hasherWith({ argon2MemoryKiB: 1 }).onModuleInit()).rejects.toThrow('Argon2 does not work');
  });
});
