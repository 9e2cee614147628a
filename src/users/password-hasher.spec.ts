import { Logger } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { PasswordHasher } from './password-hasher.js';
import { OverloadedError } from './users.errors.js';

const cheap = { minLength: 15, argon2MemoryKiB: 1024, argon2Time: 2, hashConcurrency: 1 };
const hasherWith = (passwords: Partial<typeof cheap> = {}): PasswordHasher => {
  const config: Partial<AppConfig> = { passwords: { ...cheap, ...passwords } };
  return new PasswordHasher(config as AppConfig);
};
const hasher = hasherWith();
const password = 'correct horse battery staple';

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
    '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
  ])('answers a stored hash like %j with a mismatch', async (stored) => {
    expect(await hasher.verify(stored, password)).toBe('mismatch');
  });

  it.each([
    ['there is no account', null, password],
    ['the password is over-long', 'stored', 'a'.repeat(100_000)],
    ['the password is malformed', 'stored', '\ud800'],
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
      dummy.push(await timeOf(() => slow.verify(stored === null ? null : hash, text)));
    }
    expect(Math.min(...dummy)).toBeGreaterThan(Math.min(...real) / 2);
    expect(Math.min(...dummy)).toBeLessThan(Math.min(...real) * 2);
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
