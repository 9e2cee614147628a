import { Secret } from '../shared/secret.js';
import { SecretRing, secretId } from './secret-ring.js';

const OLD = new Secret('an old secret that is at least 32 bytes long');
const NEW = new Secret('a new secret that is at least 32 bytes long!');

describe('SecretRing', () => {
  it('makes with the first secret and accepts all', () => {
    const ring = new SecretRing([NEW, OLD]);
    expect(ring.current.id).toBe(secretId(NEW));
    expect(ring.keyFor(secretId(OLD), 'a')).toEqual(new SecretRing([OLD]).current.keyFor('a'));
    expect(ring.keyFor(secretId(NEW), 'a')).toEqual(ring.current.keyFor('a'));
  });

  it('knows no key of a secret that is not listed', () => {
    const ring = new SecretRing([NEW]);
    for (const id of [secretId(OLD), '', '__proto__', secretId(NEW).toUpperCase()]) {
      expect(ring.keyFor(id, 'a')).toBeUndefined();
    }
  });

  it('derives 32 bytes, the same ones each time and in each process', () => {
    const key = new SecretRing([OLD]).current.keyFor('gatehouse test');
    expect(key).toHaveLength(32);
    expect(new SecretRing([OLD]).current.keyFor('gatehouse test')).toEqual(key);
  });

  it('derives another key for each purpose and each secret', () => {
    const ring = new SecretRing([NEW, OLD]);
    const keys = [
      ring.keyFor(secretId(NEW), 'a'),
      ring.keyFor(secretId(NEW), 'b'),
      ring.keyFor(secretId(OLD), 'a'),
      ring.keyFor(secretId(OLD), 'b'),
    ].map((key) => key?.toString('hex'));
    expect(new Set(keys).size).toBe(4);
  });
});

describe('secretId', () => {
  it('is eight hex digits that do not contain the secret', () => {
    expect(secretId(OLD)).toMatch(/^[0-9a-f]{8}$/);
    expect(secretId(OLD)).not.toBe(secretId(NEW));
  });

  it('is of the bytes in UTF-8, so that secrets beyond ASCII differ', () => {
    expect(secretId(new Secret('ä'))).not.toBe(secretId(new Secret('ö')));
    expect(secretId(new Secret('ä'))).not.toBe(secretId(new Secret('a\u0308')));
  });
});
