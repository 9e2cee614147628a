import type { Parsed } from './parsed.js';
import { faulty, sound } from './parsed.js';

const ADDRESS = String.raw`[^\s<>@,;:"\\]{1,64}@[^\s<>@,;:"\\]{1,190}`;
const ONE_ADDRESS = new RegExp(`^${ADDRESS}$`);
// No control character: a line break would start a header of its own.
const NAMED_ADDRESS = new RegExp(String.raw`^(?:"[^"\\\p{Cc}]{1,100}"|[^"\\<>@,;:\p{Cc}]{1,100}) <${ADDRESS}>$`, 'u');

/** The bare form of an address. Whether it is an acceptable one is decided, as for every account's, by the users module. */
export const mailAddress = (text: string): Parsed<string> =>
  ONE_ADDRESS.test(text) ? sound(text) : faulty('must be one e-mail address');

/** A `From`: `no-reply@example.com` or `Example <no-reply@example.com>`. */
export const mailSender = (text: string): Parsed<string> =>
  ONE_ADDRESS.test(text) || NAMED_ADDRESS.test(text)
    ? sound(text)
    : faulty('must be an e-mail address, or a name and an address: Example <no-reply@example.com>');
