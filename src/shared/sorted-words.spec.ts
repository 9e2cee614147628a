import fc from 'fast-check';
import { SortedWords } from './sorted-words.js';

describe('SortedWords', () => {
  it('knows exactly the words that it was given, whatever their order, their number and their letters', () => {
    const word = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(fc.array(word), fc.array(word), (given, others) => {
        const known = new SortedWords(given);
        const expected = new Set(given);
        for (const each of [...given, ...others]) expect(known.has(each)).toBe(expected.has(each));
      }),
    );
  });

  it('tells words apart that a language would sort as one', () => {
    const known = new SortedWords(['straße', 'Ångström', 'a', 'B']);
    expect(['straße', 'strasse', 'Ångström', 'A\u030angström', 'b'].map((each) => known.has(each))).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });
});
