import { constants, createHmac, createSecretKey, sign } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { JWT_ALGORITHMS } from '../../config/app-config.js';
import type { JwtAlgorithm } from '../../config/app-config.js';
import { generateSigningKey } from '../keys/signing-key.js';
import type { SigningKey } from '../keys/signing-key.js';
import { isSignedBy } from './jws-signature.js';

const secret = createSecretKey(Buffer.alloc(32, 7));
const keyFor = (algorithm: JwtAlgorithm): Promise<SigningKey> =>
  algorithm === 'HS256'
    ? Promise.resolve({ kid: 'secret', algorithm, sign: secret, verify: secret })
    : generateSigningKey(algorithm);
const tokenOf = ({ sign: key, algorithm }: SigningKey): string => jwt.sign({ sub: 'somebody' }, key, { algorithm });
const inputOf = (token: string): string => token.slice(0, token.lastIndexOf('.'));
const withSignature = (token: string, signature: Buffer): string =>
  `${inputOf(token)}.${signature.toString('base64url')}`;

describe.each(JWT_ALGORITHMS)('the signature of a token under %s', (algorithm) => {
  let key: SigningKey;
  let token: string;
  let signature: Buffer;
  beforeAll(async () => {
    key = await keyFor(algorithm);
    token = tokenOf(key);
    signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
  }, 60_000);

  it('is that of its key, as another library made it', () => {
    expect(isSignedBy(key, token)).toBe(true);
  });

  it('is not that of another key', async () => {
    const other = algorithm === 'HS256' ? createSecretKey(Buffer.alloc(32, 8)) : (await keyFor(algorithm)).verify;
    expect(isSignedBy({ ...key, verify: other }, token)).toBe(false);
  }, 60_000);

  it('holds for no other text, and no signature with a bit changed holds', () => {
    const [head = '', body = ''] = token.split('.');
    expect(isSignedBy(key, withSignature(`${head}.${body}A.`, signature))).toBe(false);
    for (const at of [0, signature.length >> 1, signature.length - 1]) {
      const changed = Buffer.from(signature);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(isSignedBy(key, withSignature(token, changed))).toBe(false);
    }
  });

  it('is of one length alone', () => {
    const [shorter, longer] = [signature.subarray(0, -1), Buffer.concat([signature, Buffer.from([0])])];
    for (const each of [Buffer.alloc(0), shorter, longer, Buffer.concat([Buffer.from([0]), signature])])
      expect(isSignedBy(key, withSignature(token, each))).toBe(false);
  });

  it('is not zeros', () => {
    expect(isSignedBy(key, withSignature(token, Buffer.alloc(signature.length)))).toBe(false);
  });
});

describe('a signature of another kind than the key’s', () => {
  it('is none: DER under ES256, another digest, another padding, and a MAC whose key is the public key', async () => {
    const [elliptic, rsa] = await Promise.all([generateSigningKey('ES256'), generateSigningKey('RS256')]);
    const [ofElliptic, ofRsa] = [tokenOf(elliptic), tokenOf(rsa)];
    const input = Buffer.from(inputOf(ofElliptic));
    const pem = elliptic.verify.export({ format: 'pem', type: 'spki' });
    const notOfElliptic = [
      sign('sha256', input, elliptic.sign),
      sign('sha384', input, { key: elliptic.sign, dsaEncoding: 'ieee-p1363' }),
      createHmac('sha256', pem).update(input).digest(),
    ];
    for (const each of notOfElliptic) expect(isSignedBy(elliptic, withSignature(ofElliptic, each))).toBe(false);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const salted = sign('sha256', Buffer.from(inputOf(ofRsa)), { key: rsa.sign, padding, saltLength: 32 });
    expect(isSignedBy(rsa, withSignature(ofRsa, salted))).toBe(false);
    expect(isSignedBy({ ...rsa, algorithm: 'PS256' }, withSignature(ofRsa, salted))).toBe(true);
  }, 60_000);
});
