/** A password as it is hashed: NFKC, at most 128 code points and 512 bytes, otherwise exactly as it was typed. */
export type NormalisedPassword = string & { readonly __brand: 'NormalisedPassword' };

export type PasswordReading =
  | { readonly kind: 'password'; readonly password: NormalisedPassword }
  | { readonly kind: 'too_long' }
  /** Lone surrogates: they have no UTF-8 of their own, so different texts would hash alike. */
  | { readonly kind: 'malformed' };

export const MAX_PASSWORD_CODE_POINTS = 128;
const MAX_BYTES = 512;
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Normalises a password (NIST SP 800-63B-4 §3.1.1.2): never trimmed, cut or case-folded. Idempotent.
 * Bytes are bounded before and after, so that no over-long text is normalised or hashed.
 */
export function normalisePassword(text: string): PasswordReading {
  if (exceedsBytes(text)) return { kind: 'too_long' };
  if (LONE_SURROGATE.test(text)) return { kind: 'malformed' };
  const password = text.normalize('NFKC');
  return isShortEnough(password) ? { kind: 'password', password } : { kind: 'too_long' };
}

/** Each code point counts as one, however many UTF-16 units it takes. */
export const codePoints = (text: string): number => Array.from(text).length;

const exceedsBytes = (text: string): boolean => text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES;

const isShortEnough = (text: string): text is NormalisedPassword =>
  !exceedsBytes(text) && codePoints(text) <= MAX_PASSWORD_CODE_POINTS;
