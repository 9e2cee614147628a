import { calculateJwkThumbprint, importJWK } from 'jose';
import type { CryptoKey } from 'jose';
import { VerifierSetupError } from '../errors.js';

/** Those that Gatehouse signs with and publishes the keys of. HS256 is not one: whoever can verify it can also sign. */
const ALGORITHMS = new Set(['ES256', 'ES384', 'PS256', 'RS256']);

/** A key and the one algorithm that it may be used with (RFC 8725 §3.1). */
export interface VerificationKey {
  /** Its thumbprint (RFC 7638): so one id is one key. */
  readonly kid: string;
  readonly algorithm: string;
  readonly key: CryptoKey;
}

/**
 * Reads a key set (RFC 7517 §5). What is not a key of Gatehouse's form is left out: a later version may publish others too.
 * @throws VerifierSetupError where no key is left
 */
export async function readKeySet(answer: unknown): Promise<VerificationKey[]> {
  const list = isObject(answer) && Array.isArray(answer.keys) ? (answer.keys as readonly unknown[]) : [];
  const read = await Promise.all(list.map((value) => readKey(value).catch(() => undefined)));
  const keys = read.filter((key) => key !== undefined);
  if (keys.length === 0)
    throw new VerifierSetupError('the key set has no key: under JWT_ALGORITHM=HS256 there is none to verify with');
  return keys;
}

async function readKey(value: unknown): Promise<VerificationKey | undefined> {
  if (!isObject(value)) return undefined;
  const { kid, alg, use } = value;
  if (typeof kid !== 'string' || typeof alg !== 'string' || !ALGORITHMS.has(alg) || use !== 'sig') return undefined;
  const jwk = publicMembers(value);
  if ((await calculateJwkThumbprint(jwk)) !== kid) return undefined;
  const key = await importJWK(jwk, alg);
  return key instanceof Uint8Array ? undefined : { kid, algorithm: alg, key };
}

/** Those that make the key (RFC 7518 §6): never a private one, should it be published by mistake. */
function publicMembers(value: Record<string, unknown>): { kty: string } {
  const names = value.kty === 'EC' ? ['crv', 'x', 'y'] : ['n', 'e'];
  return { ...Object.fromEntries(names.map((name) => [name, value[name]])), kty: String(value.kty) };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
