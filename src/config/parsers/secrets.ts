import { Secret } from '../../shared/secret.js';
import { isPublished } from './published-secrets.js';
import type { Parsed } from './parsed.js';
import { faulty, sound } from './parsed.js';
import { unpredictableBits } from './unpredictable-bits.js';

/** 256 bits of key (RFC 7518 §3.2 for HS256) need 32 bytes. */
const FEWEST_BYTES = 32;
const MOST_BYTES = 512;
const MOST_SECRETS = 8;
/**
 * What the estimate must reach. It lies below 256, since an estimate deducts every chance resemblance, and far enough above
 * the 128 bits of 32 hexadecimal digits, which have the length of a key but not its strength.
 */
const FEWEST_ESTIMATED_BITS = 144;

const HOW_TO = 'make one with: openssl rand -base64 48';

const faultOf = (secret: string): string | undefined => {
  const bytes = Buffer.byteLength(secret);
  if (secret === '' || /^\s|\s$|\p{Cc}/u.test(secret)) {
    return 'is empty or has blanks around it';
  }
  if (bytes < FEWEST_BYTES || bytes > MOST_BYTES) {
    return `has not ${FEWEST_BYTES} to ${MOST_BYTES} bytes`;
  }
  if (isPublished(secret)) {
    return 'is a published example';
  }
  return unpredictableBits(secret) < FEWEST_ESTIMATED_BITS ? 'is too easy to guess' : undefined;
};

/**
 * Reads a comma-separated list of secrets, the one in use first.
 * The text of an entry is the secret to the byte, so nothing is trimmed: blanks at its ends are a fault.
 */
export const secretList = (text: string): Parsed<readonly [Secret, ...Secret[]]> => {
  const entries = text.split(',');
  const [first, ...rest] = entries.map((entry) => new Secret(entry));
  if (first === undefined || entries.length > MOST_SECRETS) {
    return faulty(`must be at most ${MOST_SECRETS} comma-separated secrets`);
  }
  const list = [first, ...rest] as const;
  for (const [index, entry] of entries.entries()) {
    const fault = faultOf(entry) ?? (isDerived(entry, list.slice(0, index)) ? 'is made of an earlier one' : undefined);
    if (fault !== undefined) {
      const which = entries.length === 1 ? 'this one' : `number ${index + 1}`;
      return faulty(`must be ${FEWEST_BYTES} random bytes or more, or a list of such; ${which} ${fault} (${HOW_TO})`);
    }
  }
  return sound(list);
};

/** Whether who knows the others need guess no more than a few bits: it equals one, contains one, or is put together from them. */
export const isDerived = (secret: string, others: readonly Secret[]): boolean =>
  others.length > 0 &&
  unpredictableBits(secret, others.map((other) => other.reveal()).join(',')) < FEWEST_ESTIMATED_BITS;
