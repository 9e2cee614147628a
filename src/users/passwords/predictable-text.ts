/** Orders that fingers and heads know by heart; each is walked in both directions and round its end. */
const ORDERS = [
  '0123456789',
  'abcdefghijklmnopqrstuvwxyz',
  '!@#$%^&*()',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  'qazwsxedcrfvtgbyhnujmikolp',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  '1q2w3e4r5t6y7u8i9o0p',
];
const SHORTEST_RUN = 3;

/**
 * Finds the unit whose repetition makes up the text; the last one may be cut ('abcabcab' → 'abc').
 * @returns the whole text where nothing repeats
 */
export function repeatedUnit(text: string): string {
  // Knuth–Morris–Pratt: borders[i] is the length of the longest proper prefix of text[0..i] that also ends it.
  const borders: number[] = [0];
  let matched = 0;
  for (let at = 1; at < text.length; at += 1) {
    while (matched > 0 && text[at] !== text[matched]) matched = borders[matched - 1] ?? 0;
    if (text[at] === text[matched]) matched += 1;
    borders.push(matched);
  }
  return text.slice(0, text.length - matched);
}

/** Counts the characters of a lower-case text that no run of three or more ('456', 'lkj', 'aaa') covers. */
export function unpredictableLength(text: string): number {
  let left = 0;
  for (let at = 0; at < text.length;) {
    const run = longestRun(text, at);
    if (run < SHORTEST_RUN) left += 1;
    at += run < SHORTEST_RUN ? 1 : run;
  }
  return left;
}

function longestRun(text: string, start: number): number {
  const sameCharacter = runLength(text, start, (character) => character);
  const walks = ORDERS.flatMap((order) =>
    [1, -1].map((step) => runLength(text, start, (character) => neighbour(order, character, step))),
  );
  return Math.max(sameCharacter, ...walks);
}

function runLength(text: string, start: number, next: (character: string) => string | undefined): number {
  let end = start + 1;
  while (end < text.length && next(text.charAt(end - 1)) === text.charAt(end)) end += 1;
  return end - start;
}

function neighbour(order: string, character: string, step: number): string | undefined {
  const at = order.indexOf(character);
  return at < 0 ? undefined : order.charAt((at + step + order.length) % order.length);
}
