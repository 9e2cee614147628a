import fc from 'fast-check';
import { repeatedUnit, unpredictableLength } from './predictable-text.js';

describe('repeatedUnit', () => {
  it.each([
    ['', ''],
    ['a', 'a'],
    ['aaaa', 'a'],
    ['abcabcab', 'abc'],
    ['passwordpassword', 'password'],
    ['abcdef', 'abcdef'],
  ])('finds in %j the unit %j', (text, unit) => {
    expect(repeatedUnit(text)).toBe(unit);
  });

  it('gives a unit that makes up the text again', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', 'c') }), (text) => {
        const unit = repeatedUnit(text);
        expect(unit.repeat(text.length + 1).slice(0, text.length)).toBe(text);
      }),
    );
  });
});

describe('unpredictableLength', () => {
  it.each([
    ['123456789012345', 0],
    ['987654321098765', 0],
    ['qwertyuiopasdfg', 0],
    ['abcdefgh12345678', 0],
    ['1qaz2wsx3edc4rfv', 0],
    ['aaabbbcccdddeee', 0],
    ['qwertyuiopasdf1!', 2],
    ['correct horse battery', 21],
    ['', 0],
  ])('leaves of %j %d characters', (text, left) => {
    expect(unpredictableLength(text)).toBe(left);
  });
});
