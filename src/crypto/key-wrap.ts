import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretRing } from './secret-ring.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A key encrypted under one of the configuration's secrets: nonce ‖ ciphertext ‖ tag (NIST SP 800-38D). */
export interface WrappedKey {
  readonly wrapped: Buffer;
  /** The id of the secret that it is wrapped under. */
  readonly under: string;
}

/** Raised at the start when no configured secret opens a stored key: a new key is never made in its place. */
export class UnopenableKeyError extends Error {
  constructor(what: string, variable: 'JWT_SECRET' | 'REFRESH_SECRET', under: string) {
    super(
      `${variable}: no listed secret opens the stored ${what} (it was wrapped under the secret ${under}). ` +
        `Put that secret back into the list.`,
    );
    this.name = 'UnopenableKeyError';
  }
}

/** @param name what the key is: bound to the ciphertext, so that one stored key cannot stand in for another */
export function wrapKey(ring: SecretRing, purpose: string, name: string, key: Buffer): WrappedKey {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, ring.current.keyFor(purpose), nonce).setAAD(Buffer.from(name, 'utf8'));
  const sealed = Buffer.concat([cipher.update(key), cipher.final()]);
  return { wrapped: Buffer.concat([nonce, sealed, cipher.getAuthTag()]), under: ring.current.id };
}

/** @returns the key, or undefined where the secret is not listed or the stored bytes were altered */
export function unwrapKey(ring: SecretRing, purpose: string, name: string, stored: WrappedKey): Buffer | undefined {
  const secret = ring.keyFor(stored.under, purpose);
  if (!secret || stored.wrapped.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = stored.wrapped.subarray(0, NONCE_BYTES);
  const sealed = stored.wrapped.subarray(NONCE_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(name, 'utf8'))
    .setAuthTag(stored.wrapped.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    return undefined;
  }
}
