import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { asSessionId } from '../../shared/ids.js';
import { decodeRefreshToken, encodeRefreshToken, isAuthentic } from './refresh-token.js';
import type { RefreshTokenClaims } from './refresh-token.js';

const SALT = Buffer.alloc(32, 1);
const KEY = Buffer.alloc(32, 2);
const CLAIMS: RefreshTokenClaims = {
  sessionId: asSessionId('0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90'),
  generation: 1,
  secretId: 'a1b2c3d4',
};
const TOKEN = encodeRefreshToken(CLAIMS, SALT, KEY);
const BYTES = 57;

const claims = fc.record({
  sessionId: fc.uuid().map(asSessionId),
  generation: fc.integer({ min: 1, max: 0x7ffffffe }),
  secretId: fc.stringMatching(/^[0-9a-f]{8}$/),
});
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((content) => Buffer.from(content));

const ofBytes = (content: Buffer): string => `rt_${content.toString('base64url')}`;
const bytesOf = (token: string): Buffer => Buffer.from(token.slice(3), 'base64url');

/** Whether the text is taken for a token made with this salt and key. */
function accepted(text: string, salt = SALT, secret = KEY): boolean {
  const presented = decodeRefreshToken(text);
  return presented !== undefined && isAuthentic(presented, salt, secret);
}

describe('a refresh token', () => {
  it('says what it was made from, and is authentic', () => {
    fc.assert(
      fc.property(claims, key, key, (made, salt, secret) => {
        const token = encodeRefreshToken(made, salt, secret);
        expect(decodeRefreshToken(token)).toMatchObject(made);
        expect(accepted(token, salt, secret)).toBe(true);
      }),
    );
  });

  it('has 79 characters, always', () => {
    fc.assert(
      fc.property(claims, key, key, (made, salt, secret) => {
        expect(encodeRefreshToken(made, salt, secret)).toMatch(/^rt_[\w-]{76}$/);
      }),
    );
  });

  it('is the same text whenever it is made again, so that a repeat needs nothing stored', () => {
    expect(encodeRefreshToken({ ...CLAIMS }, Buffer.from(SALT), Buffer.from(KEY))).toBe(TOKEN);
  });

  it('keeps its layout: a release may not turn the tokens of the last one away', () => {
    expect(TOKEN).toBe('rt_AaGyw9QBmcL0fR58OptfL2wdjkqQAAAAAaNU2ArvEm1Y6MsfysEHiGBw16p0Y8tMSswqlvcwaZYD');
  });

  it('tells nothing of salt or key but by its MAC', () => {
    const other = encodeRefreshToken(CLAIMS, randomBytes(32), randomBytes(32));
    expect(bytesOf(other).subarray(0, 25)).toEqual(bytesOf(TOKEN).subarray(0, 25));
    expect(bytesOf(other).subarray(25)).not.toEqual(bytesOf(TOKEN).subarray(25));
  });

  it('is not authentic once any single bit of it is flipped', () => {
    for (let bit = 0; bit < BYTES * 8; bit += 1) {
      const flipped = bytesOf(TOKEN);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect({ bit, accepted: accepted(ofBytes(flipped)) }).toEqual({ bit, accepted: false });
    }
  });

  it('is accepted in one spelling alone: any character changed, added or removed is not authentic', () => {
    const character = fc.string({ minLength: 1, maxLength: 1, unit: 'binary-ascii' });
    fc.assert(
      fc.property(fc.nat(TOKEN.length - 1), character, fc.constantFrom(0, 1), (at, inserted, dropped) => {
        const altered = TOKEN.slice(0, at) + inserted + TOKEN.slice(at + dropped);
        expect(accepted(altered)).toBe(altered === TOKEN);
        expect(accepted(TOKEN.slice(0, at) + TOKEN.slice(at + 1))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not authentic with another salt, another key, or the two exchanged', () => {
    expect(accepted(TOKEN, randomBytes(32), KEY)).toBe(false);
    expect(accepted(TOKEN, SALT, randomBytes(32))).toBe(false);
    expect(accepted(TOKEN, KEY, SALT)).toBe(false);
  });

  it('cannot be made into that of another session, generation or secret', () => {
    const { mac } = decodeRefreshToken(TOKEN) ?? { mac: Buffer.alloc(0) };
    fc.assert(
      fc.property(claims, (other) => {
        expect(isAuthentic({ ...other, mac }, SALT, KEY)).toBe(false);
      }),
    );
  });
});

describe('decodeRefreshToken', () => {
  const built = (changes: Readonly<Record<number, number>>): string => {
    const content = bytesOf(TOKEN);
    for (const [at, value] of Object.entries(changes)) content.writeUInt8(value, Number(at));
    return ofBytes(content);
  };

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'rt_'],
    ['a token without its prefix', TOKEN.slice(3)],
    ['another prefix', `at_${TOKEN.slice(3)}`],
    ['an upper-case prefix', `RT_${TOKEN.slice(3)}`],
    ['a token cut by one', TOKEN.slice(0, -1)],
    ['a token with one more', `${TOKEN}A`],
    ['padding', `${TOKEN.slice(0, -1)}=`],
    ['a space before', ` ${TOKEN}`],
    ['a line feed behind', `${TOKEN}\n`],
    ['a line feed in place of the last', `${TOKEN.slice(0, -1)}\n`],
    ['the alphabet of base64', `${TOKEN.slice(0, -1)}+`],
    ['letters that look alike', `rt_${'А'.repeat(76)}`],
    ['two tokens', `${TOKEN},${TOKEN}`],
    ['a very long text', `rt_${'A'.repeat(1_000_000)}`],
    ['an access token', `${'e'.repeat(36)}.${'e'.repeat(100)}.${'e'.repeat(86)}`],
    ['zeros', ofBytes(Buffer.alloc(BYTES))],
    ['ones', ofBytes(Buffer.alloc(BYTES, 0xff))],
    ['another version', built({ 0: 2 })],
    ['a session id of no version', built({ 11: 0x0c })],
    ['generation 0', built({ 24: 0 })],
    ['a generation that the column could not hold the next of', built({ 21: 0x7f, 22: 0xff, 23: 0xff, 24: 0xff })],
    ['a negative generation', built({ 21: 0x80 })],
  ])('refuses %s', (_, text) => {
    expect(decodeRefreshToken(text)).toBeUndefined();
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        expect(decodeRefreshToken(text)).toBeUndefined();
      }),
    );
  });
});
