import { normaliseName } from './account-name.js';

describe('normaliseName', () => {
  it.each([
    ['  Ann Lee ', 'Ann Lee'],
    ['Jose\u0301', 'Jos\u00e9'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['😀'.repeat(100), '😀'.repeat(100)],
  ])('brings %j to %j', (text, name) => {
    expect(normaliseName(text)).toBe(name);
  });

  it.each(['', '   ', 'a'.repeat(101), 'Ann\nLee', 'Ann\u0000', 'Ann\u2028Lee', '\u202eeeL', 'Ann\ud83d'])(
    'refuses %j',
    (text) => {
      expect(normaliseName(text)).toBeUndefined();
    },
  );
});
