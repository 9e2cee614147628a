import fc from 'fast-check';
import { codePoints, normalisePassword } from './normalised-password.js';

const normalised = (text: string): string => {
  const reading = normalisePassword(text);
  if (reading.kind !== 'password') throw new Error(reading.kind);
  return reading.password;
};

describe('normalisePassword', () => {
  it('takes composed, decomposed and full-width typing for the same password', () => {
    expect(normalised('e\u0301')).toBe(normalised('\u00e9'));
    expect(normalised('ＡＢＣ')).toBe('ABC');
  });

  it('neither trims, cuts nor folds', () => {
    expect(normalised('  Pass\u0000Word \t')).toBe('  Pass\u0000Word \t');
    expect(normalised('a'.repeat(128))).toBe('a'.repeat(128));
  });

  it('refuses more than 128 code points, however few UTF-16 units they were typed in', () => {
    expect(normalisePassword('a'.repeat(129)).kind).toBe('too_long');
    expect(normalised('😀'.repeat(128))).toBe('😀'.repeat(128));
    // U+FDFA alone becomes 18 characters.
    expect(normalisePassword('\ufdfa'.repeat(10)).kind).toBe('too_long');
  });

  it('refuses more than 512 bytes before it normalises them', () => {
    expect(normalisePassword('a'.repeat(1_000_000)).kind).toBe('too_long');
    expect(normalisePassword('\u00e9'.repeat(257)).kind).toBe('too_long');
  });

  it.each(['\ud800', 'pass\udc00word', 'word\ud83d'])('refuses the lone surrogate of %j', (text) => {
    expect(normalisePassword(text).kind).toBe('malformed');
  });

  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 300 }),
  );

  it('throws on no text, stays within its bounds and is idempotent', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const reading = normalisePassword(text);
        if (reading.kind !== 'password') return;
        expect(Buffer.byteLength(reading.password)).toBeLessThanOrEqual(512);
        expect(codePoints(reading.password)).toBeLessThanOrEqual(128);
        expect(normalisePassword(reading.password)).toEqual(reading);
      }),
      { numRuns: 1_000 },
    );
  });

  /** What a reader takes for the same text, whatever typed it. */
  const spellings = (text: string): string[] => ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => text.normalize(form));
  const wellFormed = fc.string({ unit: 'binary', maxLength: 40 });
  const readable = (text: string): boolean => normalisePassword(text).kind === 'password';

  it('reads every spelling of a text alike', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        fc.pre([text, ...spellings(text)].every(readable));
        expect(new Set([text, ...spellings(text)].map(normalised)).size).toBe(1);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads texts that differ in more than their spelling as different ones', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (one, other) => {
        fc.pre(readable(one) && readable(other));
        expect(normalised(one) === normalised(other)).toBe(one.normalize('NFKC') === other.normalize('NFKC'));
      }),
    );
  });

  it('never trims, cuts or folds, whatever is typed', () => {
    const blank = fc.constantFrom(' ', '\t', '\n', '\r\n', '\u0000', '\u200b', '\ufeff');
    fc.assert(
      fc.property(wellFormed, blank, fc.constantFrom('a', 'z', 'q'), (text, space, letter) => {
        fc.pre(readable(text));
        const added = [space + text, text + space, text + letter, text + letter.toUpperCase(), text + letter + letter];
        for (const other of added) expect(normalised(other)).not.toBe(normalised(text));
        expect(normalised(text + letter)).not.toBe(normalised(text + letter.toUpperCase()));
      }),
    );
  });
});
