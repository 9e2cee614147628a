import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { JwtAlgorithm } from '../../config/app-config.js';
import { Secret } from '../../shared/secret.js';
import { exportSigningKey, generateSigningKey, importSigningKey, publicJwk, sharedSecretKey } from './signing-key.js';
import type { SigningKey } from './signing-key.js';

const ASYMMETRIC = ['ES256', 'ES384', 'PS256', 'RS256'] as const;
/** The members of a private JWK (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

describe.each(ASYMMETRIC)('a signing key for %s', (algorithm) => {
  let key: SigningKey;

  beforeAll(async () => {
    key = await generateSigningKey(algorithm);
  });

  it('is kept to its one algorithm, on the right curve or with 3,072 bits', () => {
    expect(key.algorithm).toBe(algorithm);
    const details = key.sign.asymmetricKeyDetails;
    if (algorithm === 'ES256') expect(details?.namedCurve).toBe('prime256v1');
    else if (algorithm === 'ES384') expect(details?.namedCurve).toBe('secp384r1');
    else expect(details).toMatchObject({ modulusLength: 3072, publicExponent: 65_537n });
  });

  it('has a public half that verifies what the private one signs', () => {
    const data = Buffer.from('data');
    expect(key.sign.type).toBe('private');
    expect(key.verify.type).toBe('public');
    expect(verify('sha256', data, key.verify, sign('sha256', data, key.sign))).toBe(true);
  });

  it('is named by the RFC 7638 thumbprint of its public half, as jose computes it', async () => {
    expect(key.kid).toBe(await calculateJwkThumbprint(publicJwk(key) as Parameters<typeof calculateJwkThumbprint>[0]));
    expect(key.kid).toMatch(/^[\w-]{43}$/);
  });

  it('is the same key under the same name once it was exported and imported', () => {
    const again = importSigningKey(algorithm, exportSigningKey(key));
    expect(again.kid).toBe(key.kid);
    expect(again.sign.equals(key.sign)).toBe(true);
    expect(again.verify.equals(key.verify)).toBe(true);
  });

  it('is published with kid, use and alg, and without any private member', () => {
    const jwk = publicJwk(key);
    expect(jwk).toMatchObject({ kid: key.kid, use: 'sig', alg: algorithm });
    expect(Object.keys(jwk).filter((member) => PRIVATE.includes(member))).toEqual([]);
    expect(Object.keys(jwk).sort()).toEqual(
      (algorithm.startsWith('ES')
        ? ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']
        : ['alg', 'e', 'kid', 'kty', 'n', 'use']
      ).sort(),
    );
  });
});

describe('generateSigningKey', () => {
  it('makes another key each time', async () => {
    expect((await generateSigningKey('ES256')).kid).not.toBe((await generateSigningKey('ES256')).kid);
  });
});

describe('importSigningKey', () => {
  it('throws for bytes that are no private key', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(64), publicKey.export({ format: 'der', type: 'spki' })]) {
      expect(() => importSigningKey('ES256', bytes)).toThrow();
    }
  });
});

describe('a shared secret under HS256', () => {
  const secret = new Secret('schlüssel über alles, mindestens 32 Bytes');

  it('is the UTF-8 bytes of its text, for signing and verifying', () => {
    const { algorithm, sign: signing, verify: verifying }: SigningKey = sharedSecretKey(secret);
    expect(algorithm satisfies JwtAlgorithm).toBe('HS256');
    expect(signing.export()).toEqual(Buffer.from(secret.reveal(), 'utf8'));
    expect(verifying.equals(signing)).toBe(true);
  });

  it('is named by a short hash that does not contain it', () => {
    expect(sharedSecretKey(secret).kid).toMatch(/^hs256-[0-9a-f]{8}$/);
    expect(sharedSecretKey(secret).kid).not.toBe(sharedSecretKey(new Secret('another')).kid);
  });
});
