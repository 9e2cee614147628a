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
});
