import { randomBytes } from 'node:crypto';

/** Crockford's base 32: no I, L, O or U, so that none is taken for another. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 16;
const GROUP = 4;
const LOOK_ALIKES: Readonly<Record<string, string>> = { I: '1', L: '1', O: '0' };

/** A recovery code as it is hashed: 16 characters of 5 bits each. */
export type RecoveryCode = string & { readonly __brand: 'RecoveryCode' };

/** Makes one of 80 random bits. */
export function newRecoveryCode(): RecoveryCode {
  // 256 is a multiple of 32: no character is likelier than another.
  const characters = Array.from(randomBytes(LENGTH), (byte) => ALPHABET.charAt(byte % ALPHABET.length));
  return characters.join('') as RecoveryCode;
}

/** As its owner sees it: `0000-0000-0000-0000`. */
export const printed = (code: RecoveryCode): string =>
  Array.from({ length: LENGTH / GROUP }, (_, at) => code.slice(at * GROUP, (at + 1) * GROUP)).join('-');

/** Reads what somebody typed: in any case, with any hyphens and blanks, and with letters in the place of look-alike digits. */
export function readRecoveryCode(text: string): RecoveryCode | undefined {
  const code = text
    .replace(/[\s-]/g, '')
    .toUpperCase()
    .replace(/[ILO]/g, (letter) => LOOK_ALIKES[letter] ?? letter);
  return isRecoveryCode(code) ? code : undefined;
}

function isRecoveryCode(text: string): text is RecoveryCode {
  return text.length === LENGTH && Array.from(text).every((character) => ALPHABET.includes(character));
}
