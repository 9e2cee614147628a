import { createHash, createPrivateKey, createPublicKey, createSecretKey, generateKeyPair } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { JwtAlgorithm } from '../../config/app-config.js';
import { secretId } from '../../crypto/secret-ring.js';
import type { Secret } from '../../shared/secret.js';

/** A key and the one algorithm that it may be used with (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly kid: string;
  readonly algorithm: JwtAlgorithm;
  readonly verify: KeyObject;
}

export interface SigningKey extends VerificationKey {
  readonly sign: KeyObject;
}

const generate = promisify(generateKeyPair);
const RSA_BITS = 3072;
const CURVES = { ES256: 'prime256v1', ES384: 'secp384r1' } as const;

/** Makes a key pair for an asymmetric algorithm; its id is the thumbprint of the public key (RFC 7638). */
export async function generateSigningKey(algorithm: Exclude<JwtAlgorithm, 'HS256'>): Promise<SigningKey> {
  const { privateKey } = await (algorithm === 'ES256' || algorithm === 'ES384'
    ? generate('ec', { namedCurve: CURVES[algorithm] })
    : generate('rsa', { modulusLength: RSA_BITS }));
  return asSigningKey(algorithm, privateKey);
}

/** @param pkcs8 the private key as DER */
export function importSigningKey(algorithm: JwtAlgorithm, pkcs8: Buffer): SigningKey {
  return asSigningKey(algorithm, createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
}

export function exportSigningKey(key: SigningKey): Buffer {
  return key.sign.export({ format: 'der', type: 'pkcs8' });
}

/** The public half as it may be published (RFC 7517 §4). */
export function publicJwk(key: VerificationKey): JsonWebKey {
  return { ...key.verify.export({ format: 'jwk' }), kid: key.kid, use: 'sig', alg: key.algorithm };
}

/** Under HS256 a key is a configured secret: the UTF-8 bytes of its text (RFC 7518 §3.2). */
export function sharedSecretKey(secret: Secret): SigningKey {
  const key = createSecretKey(Buffer.from(secret.reveal(), 'utf8'));
  return { kid: `hs256-${secretId(secret)}`, algorithm: 'HS256', sign: key, verify: key };
}

function asSigningKey(algorithm: JwtAlgorithm, privateKey: KeyObject): SigningKey {
  const verify = createPublicKey(privateKey);
  return { kid: thumbprint(verify.export({ format: 'jwk' })), algorithm, sign: privateKey, verify };
}

/** RFC 7638 §3.2: the required members alone, in lexicographic order. */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const required = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}
