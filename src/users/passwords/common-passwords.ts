import { SortedWords } from '../../shared/sorted-words.js';
import { repeatedUnit, unpredictableLength } from './predictable-text.js';

/** Repeating less than this is no password, whatever it is ('abcdabcdabcdabcd'). */
const SHORTEST_UNIT = 5;
/** What may be left beside runs and known words before a password counts as more than them. */
export const NEGLIGIBLE_LENGTH = 4;
/** A word between digits, signs or blanks. */
const PADDED_WORD = /^(?<before>\P{L}*)(?<word>\p{L}.*?)(?<after>\P{L}*)$/su;

let dictionary: Promise<SortedWords> | undefined;

/** The 49,000 most used passwords; 3 MB and 50 ms, hence read when the first password is set. */
async function readDictionary(): Promise<SortedWords> {
  const { dictionary: words } = await import('@zxcvbn-ts/language-common');
  return new SortedWords(words['passwords-common'].filter((word) => word.length >= NEGLIGIBLE_LENGTH));
}

/**
 * Tells whether the whole of a password is a common one, in any case: one of the dictionary, a run along the alphabet
 * or the keyboard, either of these repeated, or either padded with predictable digits.
 */
export async function isCommonPassword(password: string): Promise<boolean> {
  dictionary ??= readDictionary();
  const known = await dictionary;
  const text = password.toLowerCase();
  const unit = repeatedUnit(text);
  return unit.length < SHORTEST_UNIT || [text, unit, unit + unit].some((part) => isGuessable(part, known));
}

function isGuessable(text: string, known: SortedWords): boolean {
  const { before = '', word = '', after = '' } = PADDED_WORD.exec(text)?.groups ?? {};
  const padding = before + after;
  return isKnown(text, known) || (padding !== '' && known.has(word) && [before, after].every((p) => isKnown(p, known)));
}

const isKnown = (text: string, known: SortedWords): boolean =>
  known.has(text) || unpredictableLength(text) < NEGLIGIBLE_LENGTH;
