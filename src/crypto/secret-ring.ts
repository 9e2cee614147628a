import { createHash, hkdfSync } from 'node:crypto';
import type { Secret } from '../shared/secret.js';

const KEY_BYTES = 32;

/** One secret of the configuration, by a name that may be stored beside what it made. */
interface NamedSecret {
  /** The first 4 bytes of a hash of the secret, as 8 hex digits. A secret of 256 bits is not told by 32 of a hash. */
  readonly id: string;
  readonly keyFor: (purpose: string) => Buffer;
}

/**
 * A list of secrets under rotation: the first makes, all are accepted. Each use has a key of its own, derived by
 * HKDF-SHA-256 (RFC 5869) with the purpose as `info`, so that no two uses share one.
 */
export class SecretRing {
  readonly current: NamedSecret;
  private readonly byId: ReadonlyMap<string, NamedSecret>;

  constructor(secrets: readonly [Secret, ...Secret[]]) {
    const [first, ...others] = secrets;
    this.current = named(first);
    this.byId = new Map([this.current, ...others.map(named)].map((secret) => [secret.id, secret]));
  }

  /** @returns the derived key, or undefined where the secret of that id is no longer listed */
  keyFor(secretId: string, purpose: string): Buffer | undefined {
    return this.byId.get(secretId)?.keyFor(purpose);
  }
}

/** The short name of a secret: stored, logged and put into tokens in its place. */
export function secretId(secret: Secret): string {
  return createHash('sha256').update('gatehouse secret id\0').update(secret.reveal(), 'utf8').digest('hex').slice(0, 8);
}

function named(secret: Secret): NamedSecret {
  const derived = new Map<string, Buffer>();
  const keyFor = (purpose: string): Buffer => {
    const known = derived.get(purpose);
    if (known) return known;
    const key = Buffer.from(hkdfSync('sha256', Buffer.from(secret.reveal(), 'utf8'), '', purpose, KEY_BYTES));
    derived.set(purpose, key);
    return key;
  };
  return { id: secretId(secret), keyFor };
}
