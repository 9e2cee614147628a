import { compare } from 'bcrypt';

/** The only costs that are accepted: less is guessed too fast, and 15 takes a worker for some 2 s already. */
export const BCRYPT_COSTS = { least: 10, most: 15 } as const;
/** bcrypt reads no further: passwords that are alike up to here would open the same account. */
const MAX_BYTES = 72;
/** Cost, 16 bytes of salt, 23 of hash. The last character of each holds but a few bits: with others set it never matches. */
const FORM = /^\$2[aby]\$(?<cost>\d{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/** @returns the cost of a `$2a$`, `$2b$` or `$2y$` hash, whatever it is; undefined where the text is none */
export function bcryptCost(encoded: string): number | undefined {
  const cost = FORM.exec(encoded)?.groups?.cost;
  return cost === undefined ? undefined : Number(cost);
}

/** Tells whether a text is a hash of a cost that is accepted. */
export function isBcryptHash(encoded: string): boolean {
  const cost = bcryptCost(encoded);
  return cost !== undefined && cost >= BCRYPT_COSTS.least && cost <= BCRYPT_COSTS.most;
}

/** Tells whether a password can have been hashed whole: what is longer, or goes on behind a NUL, would be cut. */
export const fitsBcrypt = (password: string): boolean =>
  !password.includes('\0') && Buffer.byteLength(password) <= MAX_BYTES;

/**
 * Compares in libuv's pool.
 * @param password one that `fitsBcrypt`
 */
export function matchesBcrypt(encoded: string, password: string): Promise<boolean> {
  // `$2y$` is PHP's name for what the others call `$2b$`, and unknown to the library.
  return compare(password, encoded.replace(/^\$2y/, '$2b'));
}
