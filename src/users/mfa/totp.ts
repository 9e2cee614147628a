import { randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { epochSeconds } from '../../shared/clock.js';

/** RFC 6238 §4.1, and what every authenticator app takes without being told. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
/** RFC 4226 §4: 160 bits are recommended. */
const SECRET_BYTES = 20;
/** One step either way: a clock that is off, or a code typed at the last moment (RFC 6238 §5.2). */
const WINDOW_STEPS = 1;
/** Apps show the digits in two groups. */
const SHAPE = /^(\d{3}) ?(\d{3})$/;

/** What an authenticator app is told, as text and to be shown as a QR code. */
export interface TotpKey {
  /** Base32, for those who type it. */
  readonly secret: string;
  readonly otpauthUri: string;
}

export const newTotpSecret = (): Buffer => randomBytes(SECRET_BYTES);

/**
 * @param issuer who asks for the code: a host name
 * @param account for whom: an e-mail address
 */
export function totpKeyOf(secret: Buffer, issuer: string, account: string): TotpKey {
  const totp = new TOTP({ ...PARAMETERS, issuer, label: account, secret: asSecret(secret) });
  return { secret: totp.secret.base32, otpauthUri: totp.toString() };
}

/**
 * Finds the time step that a code belongs to.
 * @returns undefined where it is of none that is accepted now, or no code at all
 */
export function stepOf(secret: Buffer, text: string, now: Date): number | undefined {
  const [, first, second] = SHAPE.exec(text) ?? [];
  if (first === undefined || second === undefined) return undefined;
  const totp = new TOTP({ ...PARAMETERS, secret: asSecret(secret) });
  const timestamp = epochSeconds(now) * 1000;
  // Compared in constant time by the library.
  const delta = totp.validate({ token: first + second, timestamp, window: WINDOW_STEPS });
  return delta === null ? undefined : totp.counter({ timestamp }) + delta;
}

function asSecret(secret: Buffer): Secret {
  // A copy: the library reads the whole of the memory that a small Buffer is a slice of.
  return new Secret({ buffer: new Uint8Array(secret).buffer });
}
