import { seal, unseal } from './sealing.js';
import type { SecretRing } from './secret-ring.js';

/** A key sealed under one of the configuration's secrets. */
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

/** @param name what the key is, so that one stored key cannot stand in for another */
export function wrapKey(ring: SecretRing, purpose: string, name: string, key: Buffer): WrappedKey {
  return { wrapped: seal(ring.current.keyFor(purpose), name, key), under: ring.current.id };
}

/** @returns the key, or undefined where the secret is not listed or the stored bytes were altered */
export function unwrapKey(ring: SecretRing, purpose: string, name: string, stored: WrappedKey): Buffer | undefined {
  const secret = ring.keyFor(stored.under, purpose);
  return secret && unseal(secret, name, stored.wrapped);
}
