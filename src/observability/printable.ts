/** What a terminal may obey, or what may mislead a reader: control characters, and those that turn text around. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** What nearly every line is: found out several times as fast. */
const PLAIN = /^[\x20-\x7e]*$/;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Escapes them as JSON does: whoever wrote a part of a line of log can neither end it, nor colour the terminal, nor move its
 * cursor. What it makes of JSON means the same as before.
 */
export const printable = (text: string): string => (PLAIN.test(text) ? text : text.replace(UNPRINTABLE, escaped));
