import { dictionary } from '@zxcvbn-ts/language-common';
import fc from 'fast-check';
import { isCommonPassword } from './common-passwords.js';

const words = dictionary['passwords-common'];
/** Every one of them would take seconds. */
const sample = words.filter((_, index) => index % 10 === 0);
const longEnough = (word: string): string => word.repeat(Math.ceil(15 / word.length));
const missedOf = async (passwords: readonly string[]): Promise<string[]> => {
  const verdicts = await Promise.all(passwords.map(isCommonPassword));
  return passwords.filter((_, index) => !verdicts[index]);
};

describe('isCommonPassword', () => {
  it('knows far more than the three thousand that are asked for, and those that are long enough as they are', async () => {
    expect(words.length).toBeGreaterThan(40_000);
    const long = words.filter((word) => word.length >= 15);
    expect(long.length).toBeGreaterThan(0);
    expect(await missedOf(long)).toEqual([]);
  });

  it('knows them in any case, and repeated until they are long enough', async () => {
    expect(await missedOf(sample.map(longEnough))).toEqual([]);
    expect(await missedOf(sample.map((word) => longEnough(word).toUpperCase()))).toEqual([]);
    expect(await isCommonPassword('lissalissalissalissa')).toBe(true);
  });

  it('knows them between digits that everybody thinks of', async () => {
    const padded = sample
      .filter((word) => /^\p{L}{4,}$/u.test(word))
      .flatMap((word) => [`${word}12345678`, `111${word}111`]);
    expect(await missedOf(padded)).toEqual([]);
  });

  it('compares the whole: a common word in a longer password is none', async () => {
    for (const password of ['dragon wears purple', 'my password is a bassoon', 'qwerty but with trombones']) {
      expect(await isCommonPassword(password)).toBe(false);
    }
  });

  it('asks for no digits, capitals or signs', async () => {
    const random = fc.string({ unit: fc.constantFrom(...Array.from('bdfhkmprtvwxyz')), minLength: 15, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(random, async (password) => {
        // Fifteen letters at random are made of runs and repetitions once in a million times.
        fc.pre(new Set(password).size > 6);
        expect(await isCommonPassword(password)).toBe(false);
      }),
    );
  });
});
