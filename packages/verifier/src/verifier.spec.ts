import { createHmac, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import * as own from '../../../src/tokens/access/compact-jws.js';
import { ScriptedGatehouse, newKey, signatureOf, signed } from '../test/support/scripted-gatehouse.js';
import type { Algorithm } from '../test/support/scripted-gatehouse.js';
import { parseClaims, parseHeader } from './access-token/compact-jws.js';
import { VerifierError } from './errors.js';
import type { Verifier } from './verifier.js';

let gatehouse: ScriptedGatehouse;
let verifier: Verifier;

beforeAll(async () => {
  gatehouse = await ScriptedGatehouse.start();
  verifier = gatehouse.verifier({ maxTokenLifeSeconds: 900 });
  await verifier.ready();
});
afterAll(async () => {
  verifier.close();
  await gatehouse.close();
});

const verdict = async (token: string, by = verifier): Promise<string> => {
  try {
    await by.verify(token);
    return 'granted';
  } catch (error) {
    if (error instanceof VerifierError) return error.code;
    throw error;
  }
};

const now = (): number => Math.floor(Date.now() / 1000);
const json = (value: unknown): string => JSON.stringify(value);
const encoded = (text: string): string => Buffer.from(text).toString('base64url');
const header = (): string => json({ alg: 'ES256', typ: 'at+jwt', kid: gatehouse.key.kid });
const body = (): string => json(gatehouse.claims());
const withMember = (text: string, member: string): string => `${text.slice(0, -1)},${member}}`;
const before = (text: string, member: string): string => `{${member},${text.slice(1)}`;

describe('an access token as Gatehouse issues it', () => {
  it('says who bears it', async () => {
    const claims = gatehouse.claims({ roles: ['editor'], amr: ['pwd', 'otp'] });
    const principal = await verifier.verify(signed(header(), json(claims), gatehouse.key));
    expect(principal).toEqual({
      userId: claims.sub,
      sessionId: claims.sid,
      tokenId: claims.jti,
      keyId: gatehouse.key.kid,
      roles: ['editor'],
      ver: 1,
      era: 1,
      amr: ['pwd', 'otp'],
      authenticatedAt: new Date(Number(claims.auth_time) * 1000),
      issuedAt: new Date(Number(claims.iat) * 1000),
      expiresAt: new Date(Number(claims.exp) * 1000),
    });
    expect([Object.isFrozen(principal), Object.isFrozen(principal.roles)]).toEqual([true, true]);
  });

  it.each<Algorithm>(['ES256', 'ES384', 'PS256', 'RS256'])('gets in by a key for %s', async (algorithm) => {
    const key = newKey(algorithm);
    gatehouse.publish(gatehouse.key, key);
    const by = gatehouse.verifier();
    await by.ready();
    expect(await verdict(gatehouse.token({}, { key }), by)).toBe('granted');
    expect(await verdict(gatehouse.token({}, { key: { ...newKey(algorithm), kid: key.kid } }), by)).toBe(
      'token_invalid',
    );
    by.close();
  });

  it('may have claims that nobody knows, and a beginning that has come', async () => {
    expect(await verdict(gatehouse.token({ tenant: 'x', nbf: now() }))).toBe('granted');
  });
});

describe('a header', () => {
  it.each<[string, Record<string, unknown>]>([
    ['no algorithm', { alg: undefined }],
    ['the algorithm none', { alg: 'none' }],
    ['another algorithm of the same family', { alg: 'ES384' }],
    ['an algorithm in small letters', { alg: 'es256' }],
    ['a shared secret for an algorithm', { alg: 'HS256' }],
    ['another type', { typ: 'JWT' }],
    ['the type as a media type', { typ: 'application/at+jwt' }],
    ['no type', { typ: undefined }],
    ['no key id', { kid: undefined }],
    ['a key id that is no text', { kid: 1 }],
    ['an empty key id', { kid: '' }],
    ['crit', { crit: [] }],
    ['crit of something', { crit: ['exp'], exp: 1 }],
    ['b64', { b64: true }],
    ['jku', { jku: 'https://evil.example/jwks.json' }],
    ['jwk', { jwk: newKey().jwk }],
    ['x5u', { x5u: 'https://evil.example' }],
    ['x5c', { x5c: [] }],
    ['zip', { zip: 'DEF' }],
    ['cty', { cty: 'JWT' }],
    ['a member of a prototype', { constructor: 1 }],
  ])('with %s is refused, though rightly signed', async (_, changes) => {
    expect(await verdict(gatehouse.token({}, { header: changes }))).toBe('token_invalid');
  });

  it('without a signature is refused', async () => {
    for (const alg of ['none', 'NONE', 'ES256']) {
      const unsigned = `${encoded(json({ alg, typ: 'at+jwt', kid: gatehouse.key.kid }))}.${encoded(body())}`;
      for (const end of ['', '.', '.AA']) expect(await verdict(`${unsigned}${end}`)).toBe('token_invalid');
    }
  });

  it('that makes a shared secret of the public key is refused, in whichever form that is taken', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const forms = [json(gatehouse.key.jwk), String(publicKey.export({ format: 'pem', type: 'spki' })), ''];
    for (const secret of forms) {
      const input = `${encoded(json({ alg: 'HS256', typ: 'at+jwt', kid: gatehouse.key.kid }))}.${encoded(body())}`;
      const mac = createHmac('sha256', secret).update(input).digest('base64url');
      expect(await verdict(`${input}.${mac}`)).toBe('token_invalid');
    }
  });

  it('of the key of another is refused, whatever it names', async () => {
    const other = newKey();
    expect(await verdict(gatehouse.token({}, { key: { ...other, kid: gatehouse.key.kid } }))).toBe('token_invalid');
    const jku = { jku: `${gatehouse.url}/.well-known/jwks.json` };
    expect(await verdict(gatehouse.token({}, { key: other, header: jku }))).toBe('token_invalid');
  });
});

describe('claims', () => {
  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://other.example' }],
    ['the issuer with a slash', { iss: 'http://127.0.0.1/' }],
    ['a list of issuers', { iss: [`x`] }],
    ['another audience', { aud: 'billing' }],
    ['a list of audiences, ours among them', { aud: ['orders', 'billing'] }],
    ['a list of our audience alone', { aud: ['orders'] }],
    ['no audience', { aud: undefined }],
    ['another client', { client_id: 'other' }],
    ['no user', { sub: undefined }],
    ['a user that is no id', { sub: 'admin' }],
    ['a user in capitals', { sub: '0198C7A0-0000-7000-8000-000000000000' }],
    ['no session', { sid: undefined }],
    ['no id', { jti: undefined }],
    ['an empty id', { jti: '' }],
    ['no end', { exp: undefined }],
    ['an end in text', { exp: `${now() + 900}` }],
    ['an end with a fraction', { exp: now() + 899.5 }],
    ['an end that is no number', { exp: null }],
    ['an end in milliseconds', { exp: (now() + 900) * 1000 }],
    ['an end beyond all integers', { exp: 1e300 }],
    ['an end at its beginning', { iat: now(), exp: now() }],
    ['an end before its beginning', { iat: now(), exp: now() - 1 }],
    ['no beginning', { iat: undefined }],
    ['a beginning ahead by more than the clocks may be apart', { iat: now() + 30, exp: now() + 900 }],
    ['a beginning in milliseconds', { iat: now() * 1000, exp: now() * 1000 + 900 }],
    ['a negative beginning', { iat: -1 }],
    ['a start ahead', { nbf: now() + 30 }],
    ['a start in text', { nbf: `${now() - 60}` }],
    ['a life of a second more than is configured', { iat: now() - 1, exp: now() + 900 }],
    ['no roles', { roles: undefined }],
    ['roles in a text', { roles: 'admin' }],
    ['a role that is no text', { roles: ['admin', 1] }],
    ['an empty role', { roles: [''] }],
    ['too many roles', { roles: Array.from({ length: 17 }, (_, index) => `r${index}`) }],
    ['no way of signing in', { amr: undefined }],
    ['no version', { ver: undefined }],
    ['a version in text', { ver: '1' }],
    ['a negative version', { ver: -1 }],
    ['no era', { era: undefined }],
    ['no time of the sign-in', { auth_time: undefined }],
  ])('with %s are refused, though rightly signed', async (_, changes) => {
    expect(await verdict(gatehouse.token(changes))).toBe('token_invalid');
  });

  it('end in the very second that exp names (RFC 7519 §4.1.4), without a leeway', async () => {
    expect(await verdict(gatehouse.token({ iat: now() - 900, exp: now() }))).toBe('token_expired');
    expect(await verdict(gatehouse.token({ iat: now() - 800, exp: now() + 100 }))).toBe('granted');
  });

  it('may begin a little ahead, as two clocks differ', async () => {
    expect(await verdict(gatehouse.token({ iat: now() + 3, exp: now() + 600 }))).toBe('granted');
  });
});

describe('a token in whose texts two readers could see different things, rightly signed', () => {
  it.each(['"alg":"none"', '"alg":"ES256"', '"kid":"other"', '"typ":"JWT"', '"\\u0061lg":"none"'])(
    'is refused where its header has %s besides, before or behind',
    async (member) => {
      expect(await verdict(signed(withMember(header(), member), body(), gatehouse.key))).toBe('token_invalid');
      expect(await verdict(signed(before(header(), member), body(), gatehouse.key))).toBe('token_invalid');
    },
  );

  it.each(['"roles":["admin"]', '"exp":99999999999', '"\\u0065xp":1', '"sub":"x"', '"__proto__":{"ver":1}'])(
    'is refused where its claims have %s besides, before or behind',
    async (member) => {
      const both = [withMember(body(), member), before(body(), member)];
      const known = await Promise.all(both.map((text) => verdict(signed(header(), text, gatehouse.key))));
      // A member of that name is one that nobody knows: it lends its own members to nothing.
      expect(known).toEqual(member.includes('__proto__') ? ['granted', 'granted'] : ['token_invalid', 'token_invalid']);
    },
  );

  it('is refused where claims are lent by a prototype', async () => {
    const text = withMember(json(gatehouse.claims({ ver: undefined })), '"__proto__":{"ver":1}');
    expect(await verdict(signed(header(), text, gatehouse.key))).toBe('token_invalid');
  });

  it.each<[string, (text: string) => string]>([
    ['white space', (text) => text.replace(',', ', ')],
    ['a byte order mark', (text) => `\uFEFF${text}`],
    ['a trailing comma', (text) => text.replace(/}$/, ',}')],
    ['a second object', (text) => `${text}{}`],
    ['a NUL behind', (text) => `${text}\0`],
    ['a list around', (text) => `[${text}]`],
  ])('is refused with %s in its header or its claims', async (_, spoil) => {
    expect(await verdict(signed(spoil(header()), body(), gatehouse.key))).toBe('token_invalid');
    expect(await verdict(signed(header(), spoil(body()), gatehouse.key))).toBe('token_invalid');
  });

  it('is refused with bytes that are no UTF-8', async () => {
    const bytes = Buffer.from(withMember(body(), '"x":"?"')).map((byte) => (byte === 0x3f ? 0xff : byte));
    expect(await verdict(signed(header(), Buffer.from(bytes), gatehouse.key))).toBe('token_invalid');
  });

  it('is refused in any base64url but the canonical one', async () => {
    const token = gatehouse.token();
    const [head = '', claims = '', signature = ''] = token.split('.');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(signature.slice(-1));
    // 64 bytes are 86 characters, the last of which has four bits that mean nothing.
    const twin = `${signature.slice(0, -1)}${alphabet[last + 1] ?? ''}`;
    expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(signature, 'base64url'));
    const forms = [`${head}.${claims}.${twin}`, `${token}=`, `${token}==`, ` ${token}`, `${token}\n`, `${token}.`];
    const oldAlphabet = token.replaceAll('-', '+').replaceAll('_', '/');
    if (oldAlphabet !== token) forms.push(oldAlphabet);
    for (const form of forms) expect(await verdict(form)).toBe('token_invalid');
    expect(await verdict(token)).toBe('granted');
  });

  it('is refused at 4 KiB, and not below', async () => {
    const sized = (length: number): string => gatehouse.token({ pad: 'x'.repeat(length) });
    let length = 2_000;
    while (sized(length + 1).length < 4096) length += 1;
    expect(await verdict(sized(length))).toBe('granted');
    expect(await verdict(sized(length + 3))).toBe('token_invalid');
    for (const text of ['', '.', '..', 'a.b', 'x'.repeat(1_000_000)]) expect(await verdict(text)).toBe('token_invalid');
  });
});

it('reads the form of a token as Gatehouse does, however it is altered', () => {
  const token = gatehouse.token();
  const edit = fc.record({ at: fc.nat(token.length), remove: fc.nat(3), insert: fc.string({ maxLength: 3 }) });
  const part = fc.oneof(fc.json(), fc.constantFrom(header(), body()));
  fc.assert(
    fc.property(edit, part, part, ({ at, remove, insert }, first, second) => {
      const input = `${encoded(first)}.${encoded(second)}`;
      const made = `${input}.${signatureOf(input, gatehouse.key)}`;
      const altered = `${token.slice(0, at)}${insert}${token.slice(at + remove)}`;
      for (const text of [made, altered]) {
        expect(parseHeader(text)).toEqual(own.parseHeader(text));
        expect(parseClaims(text)).toEqual(own.parseClaims(text));
      }
    }),
  );
});
