import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Secret } from '../shared/secret.js';
import { UnopenableKeyError, unwrapKey, wrapKey } from './key-wrap.js';
import { SecretRing, secretId } from './secret-ring.js';

const OLD = new Secret('an old secret that is at least 32 bytes long');
const NEW = new Secret('a new secret that is at least 32 bytes long!');
const ring = new SecretRing([OLD]);
const KEY = randomBytes(32);

describe('a wrapped key', () => {
  it('opens to the same bytes, whatever their length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.string({ unit: 'grapheme' }), (bytes, name) => {
        const key = Buffer.from(bytes);
        expect(unwrapKey(ring, 'p', name, wrapKey(ring, 'p', name, key))).toEqual(key);
      }),
    );
  });

  it('says which secret it is under', () => {
    expect(wrapKey(ring, 'p', 'n', KEY).under).toBe(secretId(OLD));
  });

  it('is under the first secret of a list, and opens while its secret is listed anywhere', () => {
    const stored = wrapKey(ring, 'p', 'n', KEY);
    expect(unwrapKey(new SecretRing([NEW, OLD]), 'p', 'n', stored)).toEqual(KEY);
    expect(unwrapKey(new SecretRing([NEW]), 'p', 'n', stored)).toBeUndefined();
    expect(wrapKey(new SecretRing([NEW, OLD]), 'p', 'n', KEY).under).toBe(secretId(NEW));
  });

  it('never shows the key, nor the same text twice', () => {
    const [one, other] = [wrapKey(ring, 'p', 'n', KEY), wrapKey(ring, 'p', 'n', KEY)];
    expect(one.wrapped).not.toEqual(other.wrapped);
    expect(one.wrapped.subarray(0, 12)).not.toEqual(other.wrapped.subarray(0, 12));
    expect(one.wrapped.includes(KEY)).toBe(false);
  });

  it('does not open once any single bit of it is flipped', () => {
    const { wrapped, under } = wrapKey(ring, 'p', 'n', KEY);
    for (let bit = 0; bit < wrapped.length * 8; bit += 1) {
      const flipped = Buffer.from(wrapped);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect({ bit, key: unwrapKey(ring, 'p', 'n', { wrapped: flipped, under }) }).toEqual({ bit, key: undefined });
    }
  });

  it('does not open cut to any length, or with bytes behind it', () => {
    const { wrapped, under } = wrapKey(ring, 'p', 'n', KEY);
    for (let length = 0; length < wrapped.length; length += 1) {
      expect(unwrapKey(ring, 'p', 'n', { wrapped: wrapped.subarray(0, length), under })).toBeUndefined();
    }
    expect(unwrapKey(ring, 'p', 'n', { wrapped: Buffer.concat([wrapped, Buffer.alloc(1)]), under })).toBeUndefined();
  });

  it('does not open in the place of a key of another name or purpose', () => {
    const stored = wrapKey(ring, 'p', 'cursors', KEY);
    expect(unwrapKey(ring, 'p', 'guesses', stored)).toBeUndefined();
    expect(unwrapKey(ring, 'q', 'cursors', stored)).toBeUndefined();
  });

  it('does not open under a secret whose id was written over its own', () => {
    const stored = wrapKey(new SecretRing([NEW]), 'p', 'n', KEY);
    expect(unwrapKey(new SecretRing([OLD, NEW]), 'p', 'n', { ...stored, under: secretId(OLD) })).toBeUndefined();
  });
});

describe('UnopenableKeyError', () => {
  it('names the variable and the secret that is missing, by its id', () => {
    const error = new UnopenableKeyError('data key "cursors"', 'REFRESH_SECRET', 'a1b2c3d4');
    expect(error.message).toMatch(/REFRESH_SECRET.*data key "cursors".*a1b2c3d4/);
  });
});
