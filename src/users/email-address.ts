import { domainToASCII } from 'node:url';
import { isEmail } from 'class-validator';

/** An address in the one form in which it is stored, compared and mailed to. */
export type EmailAddress = string & { readonly __brand: 'EmailAddress' };

/** RFC 5321 §4.5.3.1.3: a path of 256 octets less its angle brackets. */
const MAX_BYTES = 254;
/** Decomposed text may shrink to a quarter when it is composed; beyond that nothing is worth the work. */
const MAX_RAW_LENGTH = 4 * MAX_BYTES;
/** What no reader sees, or what turns the reading direction: controls, format characters, blanks, lone surrogates. */
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;
/** Node's IDNA decodes `%61` and stops at `/` or `?`, so only what may stand in a name reaches it. */
const DOMAIN = /^[\p{L}\p{N}\p{M}.\u3002\uff0e\uff61-]+$/u;

/**
 * Brings an address to the form in which accounts are unique: trimmed, NFC, the domain through IDNA and lower-cased,
 * the local part case-folded. Idempotent.
 * @returns undefined where the text is no address: IP literals, quoted local parts and single-label domains are none
 */
export function normaliseEmail(text: string): EmailAddress | undefined {
  if (text.length > MAX_RAW_LENGTH) return undefined;
  const trimmed = text.trim();
  const at = trimmed.lastIndexOf('@');
  const [rawLocal, rawDomain] = [trimmed.slice(0, at), trimmed.slice(at + 1)];
  if (at < 1 || UNSEEN.test(trimmed) || !DOMAIN.test(rawDomain)) return undefined;
  const address = `${foldCase(rawLocal)}@${domainToASCII(rawDomain.normalize('NFC')).toLowerCase()}`;
  return isEmailAddress(address) ? address : undefined;
}

/** Of a text that was checked to be an address. @throws Error where it is none */
export function requireEmail(text: string): EmailAddress {
  const email = normaliseEmail(text);
  if (email === undefined) throw new Error('an address was taken that is none');
  return email;
}

function isEmailAddress(address: string): address is EmailAddress {
  return Buffer.byteLength(address) <= MAX_BYTES && !address.startsWith('"') && isEmail(address);
}

/** Unicode's full case folding, which JavaScript lacks: character by character, so that no sigma counts as final. */
const foldCase = (text: string): string => Array.from(text.normalize('NFC'), foldCharacter).join('').normalize('NFC');

/** Upper case joins what lower case alone keeps apart ('ſ' and 's', 'ß' and 'ss'); only the dotless i stays itself. */
const foldCharacter = (character: string): string =>
  character === 'ı' ? character : character.toLowerCase().toUpperCase().toLowerCase();
