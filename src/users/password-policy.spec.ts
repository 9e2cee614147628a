import type { AppConfig } from '../config/app-config.js';
import { PasswordPolicy } from './password-policy.js';
import { PasswordWeakError } from './users.errors.js';

const policyWith = (minLength: number): PasswordPolicy => {
  const passwords = { minLength, argon2MemoryKiB: 1024, argon2Time: 2, hashConcurrency: 1 };
  const config: Partial<AppConfig> = { passwords };
  return new PasswordPolicy(config as AppConfig);
};
const policy = policyWith(15);
const owner = { email: 'marianne.whitfield@gardening-club.org', name: 'Marianne Whitfield' };

const reasonOf = async (password: string, of = owner, by = policy): Promise<string | undefined> => {
  try {
    await by.check(password, of);
    return undefined;
  } catch (error) {
    if (error instanceof PasswordWeakError) return error.reason;
    throw error;
  }
};

describe('PasswordPolicy', () => {
  it.each([
    'correct horse battery staple',
    'lowercaselettersonly',
    'ünïcödé is fine too',
    '  spaces around it  ',
    '密碼需要足夠長而且不容易被人猜到才行',
    '839201847562930',
    'butterfly sunshine teapot',
    'Marianne plays the bassoon',
    '😀🎈🐙🍉🚲🎻🌵🧊🦉🪁🛶🥁🧵🍄🔭',
    '}~;<=)_+|%^:?.*',
    'kqvzxjwpghbdmtr',
    `${'kqvzx jwpgh '.repeat(5)}kqvz`,
    `${'kqvzx jwpgh '.repeat(10)}kqvzx jw`,
  ])('accepts %j', async (password) => {
    expect(await reasonOf(password)).toBeUndefined();
  });

  it('counts code points after normalisation, not UTF-16 units', async () => {
    expect(await reasonOf('😀🎈🐙🍉🚲🎻🌵🧊🦉🪁🛶🥁🧵🍄')).toBe('too_short');
    expect(await reasonOf('ae\u0301io\u0301uxkwq vbz')).toBe('too_short');
  });

  it('takes the least length from the configuration', async () => {
    expect(await reasonOf('kqvzxjwp', owner, policyWith(8))).toBeUndefined();
    expect(await reasonOf('kqvzxjw', owner, policyWith(8))).toBe('too_short');
  });

  it.each([`${'kqvzx jwpgh '.repeat(10)}kqvzx jwp`, '\u00e9'.repeat(300), '\ufdfa'.repeat(10)])(
    'refuses %j as too long',
    async (password) => {
      expect(await reasonOf(password)).toBe('too_long');
    },
  );

  it('refuses lone surrogates', async () => {
    expect(await reasonOf('correct horse \ud83d staple')).toBe('malformed');
  });

  it.each([
    'passwordpassword',
    'PassWordPassword',
    'ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ',
    'iloveyouiloveyou',
    'dragondragondragondra',
    'momsanaladventure',
    '123456789012345',
    '987654321987654321',
    'qwertyuiopasdfg',
    'QWERTYUIOPASDFGHJKL',
    'aaaaaaaaaaaaaaa',
    'abcabcabcabcabc',
    'a1!ba1!ba1!ba1!b',
    'abcdefghijklmnop',
    '1qaz2wsx3edc4rfv5tgb',
    'password12345678',
    '12345678password',
    'Password!!!!!!!!',
    'football 1234567',
  ])('refuses %j as common', async (password) => {
    expect(await reasonOf(password)).toBe('common');
  });

  it.each([
    'gatehouse-gatehouse',
    'Gatehouse 2026-11!',
    'marianne whitfield',
    'Whitfield_Marianne_1984',
    'marianne.whitfield@gardening-club.org',
    'GardeningClub2026',
    'xmariannewhitfieldx',
    'ＭＡＲＩＡＮＮＥ　ＷＨＩＴＦＩＥＬＤ',
    'marianne.whitfield',
    'gardening-club.org',
    'whitfieldwhitfield',
  ])('refuses %j as made of the owner, the address or the product', async (password) => {
    expect(await reasonOf(password)).toBe('contextual');
  });

  it('takes no name for context where there is none, and none that is too short to be one', async () => {
    for (const name of [null, '', 'Al', '🎻']) {
      const of = { email: 'a@bc.de', name };
      await expect(policy.check('correct horse battery staple', of)).resolves.toBeUndefined();
      await expect(policy.check('albalbal 83920184756', of)).resolves.toBeUndefined();
    }
  });

  it('tells the reason as a member of the problem, and never the password', async () => {
    const failed: unknown = await policy.check('Gatehouse 2026-11!', owner).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'password_weak', options: { members: { reason: 'contextual' } } });
    expect(JSON.stringify(failed) + String(failed)).not.toContain('2026');
  });
});
