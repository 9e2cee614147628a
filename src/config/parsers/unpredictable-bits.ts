import { dictionary } from '@zxcvbn-ts/language-common';
import { SortedWords } from '../../shared/sorted-words.js';

/** Common passwords and words, and the words that people build secrets for services from. */
const WORDS = new SortedWords([
  ...Object.values(dictionary).flat(),
  ...[
    'jwt',
    'key',
    'api',
    'app',
    'env',
    'dev',
    'prod',
    'bit',
    'bits',
    'byte',
    'bytes',
    'hmac',
    'hash',
    'auth',
    'token',
  ],
  ...[
    'secret',
    'refresh',
    'access',
    'session',
    'signing',
    'production',
    'development',
    'testing',
    'gatehouse',
    'nestjs',
  ],
  ...[
    'the',
    'and',
    'for',
    'not',
    'use',
    'you',
    'your',
    'this',
    'that',
    'very',
    'long',
    'safe',
    'with',
    'must',
    'should',
  ],
  ...['to', 'be', 'or', 'is', 'it', 'in', 'of', 'on', 'at', 'an', 'as', 'by', 'do', 'if', 'me', 'my', 'no', 'so', 'we'],
  ...['have', 'from', 'least', 'change', 'random', 'string', 'character', 'characters', 'example', 'please', 'replace'],
]);
const LONGEST_WORD = 20;

const KEYBOARD_WALKS = [
  '1234567890-=',
  'qwertyuiop[]',
  'asdfghjkl;',
  'zxcvbnm,./',
  '!@#$%^&*()_+',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/',
  'qazwsxedcrfvtgbyhnujmikolp',
].flatMap((walk) => [walk, Array.from(walk).reverse().join('')]);

// What an attacker pays for a whole piece, in bits: kept low, so that the estimate errs on the side of refusal.
const WORD_BITS = 8;
const WALK_BITS = 8;
const SEPARATOR_BITS = 2;
const SHORTEST_WORD = 2;
const SHORTEST_PIECE = 3;

/** Lower case in ASCII alone, so that every position stays where it was. */
const fold = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const LEET = new Map(Object.entries({ 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's', '!': 'i' }));
const unleet = (text: string): string => text.replace(/[013457@$!]/g, (sign) => LEET.get(sign) ?? sign);

/**
 * Estimates how many bits of a text cannot be foreseen by somebody who tries words, keyboard walks, sequences and repetitions
 * first: the cheapest way to spell it out of such pieces and single characters (after zxcvbn, Wheeler 2016).
 * @param known what that somebody knows already; repeating it costs next to nothing
 */
export function unpredictableBits(text: string, known = ''): number {
  const spellings = [text, ...plainTextsOf(text)];
  return Math.min(...spellings.flatMap((spelling) => [cheapestSpelling(known, spelling), phraseBits(spelling)]));
}

function cheapestSpelling(known: string, text: string): number {
  const folded = fold(known + text);
  const plain = unleet(folded);
  const characters = characterBits(text);
  const bits = new Float64Array(text.length + 1).fill(Infinity);
  bits[0] = 0;
  characters.forEach((characterCost, index) => {
    const from = known.length + index;
    const pay = (length: number, cost: number): void => {
      const to = index + length;
      bits[to] = Math.min(bits[to] ?? Infinity, (bits[index] ?? Infinity) + cost);
    };
    pay(1, characterCost);
    for (let length = SHORTEST_WORD; length <= Math.min(LONGEST_WORD, text.length - index); length += 1) {
      if (WORDS.has(folded.slice(from, from + length)) || WORDS.has(plain.slice(from, from + length))) {
        pay(length, WORD_BITS);
      }
    }
    pay(longest(folded, from, isKeyboardWalk), WALK_BITS);
    pay(sequenceLength(folded, from, 1), WALK_BITS);
    pay(sequenceLength(folded, from, 2), 2 * WALK_BITS);
    const repeated = longest(folded, from, (piece) => folded.lastIndexOf(piece, from - 1) >= 0 && from > 0);
    pay(repeated, Math.log2(from + 1) + Math.log2(repeated + 1));
  });
  return bits[text.length] ?? 0;
}

/** Letters with blanks between them are a sentence, and what somebody else has written before costs less still. */
const phraseBits = (text: string): number =>
  /^[\p{L}\p{M}'",.;:!?-]+(?:\s+[\p{L}\p{M}'",.;:!?-]+)+$/u.test(text)
    ? text.split(/\s+/).length * WORD_BITS
    : Infinity;

/** The bits of each character on its own: those of the alphabet that it is drawn from. */
function characterBits(text: string): number[] {
  const alphabet = [
    { pattern: /[a-z]/, size: 26 },
    { pattern: /[A-Z]/, size: 26 },
    { pattern: /[0-9]/, size: 10 },
    { pattern: /[^A-Za-z0-9\p{L}]/u, size: 33 },
    { pattern: /[^\0-\x7f]/, size: 128 },
  ].reduce((size, part) => size + (part.pattern.test(text) ? part.size : 0), 0);
  const bits = text
    .split('')
    .map((character) => (/[-_. ]/.test(character) ? SEPARATOR_BITS : Math.log2(Math.max(alphabet, 2))));
  const narrow = (pattern: RegExp, size: number): void => {
    for (const { 0: run, index } of text.matchAll(pattern)) {
      for (let at = index; at < index + run.length; at += 1) {
        bits[at] = Math.min(bits[at] ?? Infinity, Math.log2(size));
      }
    }
  };
  narrow(/[0-9a-f-]{16,}|[0-9A-F-]{16,}/g, 16);
  narrow(/[0-9]{4,}/g, 10);
  return bits;
}

/** The length of the longest piece at `from` of which, as of all shorter ones, `holds` is true; 0 where none is. */
function longest(text: string, from: number, holds: (piece: string) => boolean): number {
  let length = SHORTEST_PIECE;
  while (from + length <= text.length && holds(text.slice(from, from + length))) {
    length += 1;
  }
  return length > SHORTEST_PIECE ? length - 1 : 0;
}

const isKeyboardWalk = (piece: string): boolean => KEYBOARD_WALKS.some((walk) => walk.includes(piece));

/** How far a sequence goes on: `abcd`, `8642`, `aaaa`; with a stride of 2 two of them in turn: `a1b2c3`, `aabbcc`. */
function sequenceLength(text: string, from: number, stride: number): number {
  const step = (at: number): number => text.charCodeAt(at) - text.charCodeAt(at - stride);
  let at = from + stride;
  while (at < text.length && Math.abs(step(at)) <= 2 && (at < from + 2 * stride || step(at) === step(at - stride))) {
    at += 1;
  }
  return at - from >= 2 * stride + 2 ? at - from : 0;
}

/** What a hexadecimal or base64 spelling of readable text says: encoding adds length, not strength. */
function plainTextsOf(text: string): string[] {
  const encodings = [
    ...(/^(?:[0-9a-f]{2})+$/i.test(text) ? (['hex'] as const) : []),
    ...(/^[A-Za-z0-9+/_-]+={0,2}$/.test(text) ? (['base64'] as const) : []),
  ];
  return encodings
    .map((encoding) => Buffer.from(text, encoding).toString('latin1'))
    .filter((plain) => /^[ -~\n]+$/.test(plain));
}
