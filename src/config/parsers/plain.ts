import type { Parsed } from './parsed.js';
import { faulty, sound } from './parsed.js';

/** `on` and `off`, or `true` and `false`; `1`, `yes` and `ON` leave too much to guess. */
export const onOff = (text: string): Parsed<boolean> => {
  if (text === 'on' || text === 'true') {
    return sound(true);
  }
  return text === 'off' || text === 'false' ? sound(false) : faulty('must be on or off');
};

/** Makes a parser of whole decimal numbers between two bounds, both inclusive. */
export const wholeNumber =
  (lowest: number, highest: number) =>
  (text: string): Parsed<number> => {
    const number = /^(?:0|[1-9][0-9]{0,9})$/.test(text) ? Number(text) : NaN;
    return number >= lowest && number <= highest
      ? sound(number)
      : faulty(`must be a whole number from ${lowest} to ${highest}`);
  };

/** Makes a parser of one word out of a closed list. */
export const oneOf =
  <const T extends string>(words: readonly T[]) =>
  (text: string): Parsed<T> => {
    const word = words.find((candidate) => candidate === text);
    return word === undefined ? faulty(`must be one of ${words.join(', ')}`) : sound(word);
  };

/** The name of a file, read later: whether it is there is told when it is opened. */
export const filePath = (text: string): Parsed<string> =>
  /^[^\p{Cc}]{1,4096}$/u.test(text) && text.trim() === text
    ? sound(text)
    : faulty('must be the path of a file, without blanks around it');

/** Splits at commas, without the blanks around; undefined where an entry is empty or there are too many. */
export const splitList = (text: string, most: number): string[] | undefined => {
  const entries = text.split(',').map((entry) => entry.trim());
  return entries.length <= most && entries.every((entry) => entry !== '') ? [...new Set(entries)] : undefined;
};

/** A StringOrURI (RFC 7519 §2) in printable ASCII: one with a colon is a URI. */
export const stringOrUri = (text: string): Parsed<string> =>
  /^[!-~]{1,255}$/.test(text) && (!text.includes(':') || URL.canParse(text))
    ? sound(text)
    : faulty('must be a name or a URI of 1 to 255 printable ASCII characters without blanks');
