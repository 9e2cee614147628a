import fc from 'fast-check';
import { newRecoveryCode, printed, readRecoveryCode } from './recovery-code.js';

describe('recovery codes', () => {
  it('are sixteen characters of which none looks like another', () => {
    for (let time = 0; time < 200; time += 1) expect(newRecoveryCode()).toMatch(/^[0-9A-HJKMNP-TV-Z]{16}$/);
  });

  it('are printed in groups, and read again from that', () => {
    const code = newRecoveryCode();
    expect(printed(code)).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    expect(readRecoveryCode(printed(code))).toBe(code);
  });

  it('are read in any case, with any blanks and hyphens, and with look-alikes', () => {
    const blank = fc.constantFrom('', ' ', '-', ' - ', '\t');
    const typed = { '0': ['0', 'o', 'O'], '1': ['1', 'i', 'I', 'l', 'L'] } as Record<string, string[]>;
    fc.assert(
      fc.property(fc.array(blank, { minLength: 16, maxLength: 16 }), fc.nat(), fc.boolean(), (blanks, pick, lower) => {
        const code = newRecoveryCode();
        const text = Array.from(code, (character, at) => {
          const options = typed[character] ?? [lower ? character.toLowerCase() : character];
          return `${blanks[at] ?? ''}${options[pick % options.length] ?? ''}`;
        }).join('');
        expect(readRecoveryCode(text)).toBe(code);
      }),
    );
  });

  it('are nothing else', () => {
    const code = printed(newRecoveryCode());
    for (const text of [
      '',
      code.slice(1),
      `${code}0`,
      code.replace(/.$/, 'U'),
      code.replace(/.$/, 'é'),
      '0'.repeat(17),
    ]) {
      expect(readRecoveryCode(text)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const read = readRecoveryCode(text);
        expect(read === undefined || /^[0-9A-HJKMNP-TV-Z]{16}$/.test(read)).toBe(true);
      }),
    );
  });
});
