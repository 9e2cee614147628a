import { constants, createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { JwtAlgorithm } from '../../config/app-config.js';
import type { VerificationKey } from '../keys/signing-key.js';

type Check = (key: KeyObject, input: Buffer, signature: Buffer) => boolean;

/** R and S, each as long as the order of the curve (RFC 7518 §3.4): any other length is no signature of it. */
const ecdsa =
  (digest: string, signatureBytes: number): Check =>
  (key, input, signature) =>
    signature.length === signatureBytes && verify(digest, input, { key, dsaEncoding: 'ieee-p1363' }, signature);

const CHECKS: Readonly<Record<JwtAlgorithm, Check>> = {
  ES256: ecdsa('sha256', 64),
  ES384: ecdsa('sha384', 96),
  // The salt is as long as the digest (RFC 7518 §3.5).
  PS256: (key, input, signature) =>
    verify(
      'sha256',
      input,
      { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
      signature,
    ),
  RS256: (key, input, signature) => verify('sha256', input, { key, padding: constants.RSA_PKCS1_PADDING }, signature),
  HS256: (key, input, signature) => {
    const own = createHmac('sha256', key).update(input).digest();
    return own.length === signature.length && timingSafeEqual(own, signature);
  },
};

/**
 * Whether a key has signed a compact JWS, by the key's one algorithm whatever the token says (RFC 7515 §5.2, RFC 8725 §3.1).
 * @param token of the form that `parseHeader` accepts
 */
export function isSignedBy({ algorithm, verify: key }: VerificationKey, token: string): boolean {
  const end = token.lastIndexOf('.');
  const input = Buffer.from(token.slice(0, end), 'latin1');
  return CHECKS[algorithm](key, input, Buffer.from(token.slice(end + 1), 'base64url'));
}
