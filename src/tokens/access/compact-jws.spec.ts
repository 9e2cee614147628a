import fc from 'fast-check';
import { ACCESS_TOKEN_TYPE, parseClaims, parseHeader } from './compact-jws.js';
import type { AccessTokenClaims } from './compact-jws.js';

const HEADER = { alg: 'ES256', typ: ACCESS_TOKEN_TYPE, kid: 'Dc0Jq0vN8a3pVwZkT2sXyQ4uR6bE1mF9hG5iL7oP3nA' };
const CLAIMS: AccessTokenClaims = {
  iss: 'https://auth.example.com',
  aud: 'https://api.example.com',
  sub: '0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2',
  sid: '0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90',
  jti: '0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a91',
  iat: 1_764_000_000,
  exp: 1_764_000_900,
  auth_time: 1_764_000_000,
  amr: ['pwd'],
  roles: ['admin'],
  client_id: 'gatehouse',
  ver: 1,
  era: 1,
};
const SIGNATURE = Buffer.alloc(64, 0x5a).toString('base64url');

const bytes = (content: string): Buffer => Buffer.from(content, 'utf8');
const part = (content: string): string => bytes(content).toString('base64url');
const written = (value: unknown): string => part(JSON.stringify(value));
const tokenOf = (header: string, claims: string, signature = SIGNATURE): string => `${header}.${claims}.${signature}`;
const withHeader = (header: unknown): string => tokenOf(written(header), written(CLAIMS));
const withClaims = (claims: unknown): string => tokenOf(written(HEADER), written(claims));
const TOKEN = tokenOf(written(HEADER), written(CLAIMS));

const text = fc.string({ minLength: 1, maxLength: 24, unit: 'grapheme' });
const seconds = fc.nat(2 ** 40);
const version = fc.nat(2 ** 31 - 1);
const claims = fc.record({
  iss: fc.webUrl({ size: 'small' }),
  aud: fc.webUrl({ size: 'small' }),
  sub: fc.uuid(),
  sid: fc.uuid(),
  jti: text,
  iat: seconds,
  exp: seconds,
  auth_time: seconds,
  amr: fc.array(text, { maxLength: 4 }),
  roles: fc.array(fc.stringMatching(/^[a-z][a-z0-9_:-]{0,31}$/), { maxLength: 16 }),
  client_id: text,
  ver: version,
  era: version,
});
const token = fc
  .record({
    header: fc.record({
      alg: fc.constantFrom('ES256', 'PS256', 'HS256'),
      typ: fc.constant(ACCESS_TOKEN_TYPE),
      kid: text,
    }),
    claims,
    signature: fc.uint8Array({ minLength: 32, maxLength: 384 }),
  })
  .map((made) => ({
    ...made,
    text: tokenOf(written(made.header), written(made.claims), Buffer.from(made.signature).toString('base64url')),
  }))
  .filter(({ text: whole }) => whole.length < 4096);

describe('parseHeader and parseClaims', () => {
  it('read back every token in the form of ours', () => {
    fc.assert(
      fc.property(token, ({ header, claims: expected, text: whole }) => {
        expect(parseHeader(whole)).toEqual({ alg: header.alg, kid: header.kid });
        expect(parseClaims(whole)).toEqual(expected);
      }),
    );
  });

  it('never read one token out of two texts: a character changed, added or removed is refused or says something else', () => {
    const character = fc.string({ minLength: 1, maxLength: 1, unit: 'binary-ascii' });
    const said = (whole: string): string | undefined => {
      const header = parseHeader(whole);
      const read = header && parseClaims(whole);
      return (
        read && JSON.stringify([header, read, Buffer.from(whole.split('.')[2] ?? '', 'base64url').toString('hex')])
      );
    };
    fc.assert(
      fc.property(token, fc.nat(), character, fc.constantFrom(0, 1), (made, where, inserted, dropped) => {
        const at = where % made.text.length;
        const removed = made.text.slice(0, at) + made.text.slice(at + 1);
        const altered = made.text.slice(0, at) + inserted + made.text.slice(at + dropped);
        const original = said(made.text);
        expect(original).toBeDefined();
        expect(said(removed)).not.toBe(original);
        if (altered !== made.text) expect(said(altered)).not.toBe(original);
      }),
      { numRuns: 500 },
    );
  });

  it('never throw, whatever the text', () => {
    const junk = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(fc.base64String(), { maxLength: 6 }).map((parts) => parts.join('.')),
    );
    fc.assert(
      fc.property(junk, (whole) => {
        expect(parseHeader(whole)).toBeUndefined();
        expect(() => parseClaims(whole)).not.toThrow();
      }),
    );
  });
});

describe('parseHeader', () => {
  it.each([
    ['crit', ['exp']],
    ['crit', []],
    ['b64', false],
    ['jku', 'https://attacker.example/jwks.json'],
    ['jwk', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
    ['x5u', 'https://attacker.example/cert.pem'],
    ['x5c', ['MIIB']],
    ['x5t', 'AA'],
    ['cty', 'JWT'],
    ['zip', 'DEF'],
    ['enc', 'A256GCM'],
    ['constructor', {}],
  ])('refuses a header with a fourth member: %s %j (RFC 8725 §3.10)', (name, value) => {
    expect(parseHeader(withHeader({ ...HEADER, [name]: value }))).toBeUndefined();
  });

  it.each([['alg'], ['typ'], ['kid']])('refuses a header without %s', (name) => {
    const header = Object.fromEntries(Object.entries(HEADER).filter(([member]) => member !== name));
    expect(parseHeader(withHeader(header))).toBeUndefined();
    expect(parseHeader(withHeader({ ...header, other: 'x' }))).toBeUndefined();
  });

  it.each([
    ['JWT'],
    ['AT+JWT'],
    ['at+JWT'],
    ['application/at+jwt'],
    ['rt+jwt'],
    ['at+jwt '],
    [''],
    [null],
    [['at+jwt']],
    [1],
  ])('refuses the type %j (RFC 8725 §3.11)', (typ) => {
    expect(parseHeader(withHeader({ ...HEADER, typ }))).toBeUndefined();
  });

  it.each([[1], [null], [['a']], [{}], [true]])('refuses %j as a key id or an algorithm', (value) => {
    expect(parseHeader(withHeader({ ...HEADER, kid: value }))).toBeUndefined();
    expect(parseHeader(withHeader({ ...HEADER, alg: value }))).toBeUndefined();
  });

  it('does not take a member from a prototype that the header names', () => {
    const header = `{"alg":"ES256","typ":"at+jwt","__proto__":{"kid":"${HEADER.kid}"}}`;
    expect(parseHeader(tokenOf(part(header), written(CLAIMS)))).toBeUndefined();
  });

  it.each([
    ['a member twice', `{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"k"}`],
    ['a member twice behind an escape', `{"alg":"none","\\u0061lg":"ES256","typ":"at+jwt","kid":"k"}`],
    ['an escape where none is needed', `{"alg":"\\u0045S256","typ":"at+jwt","kid":"k"}`],
    ['a byte order mark', `\uFEFF${JSON.stringify(HEADER)}`],
    ['a space before', ` ${JSON.stringify(HEADER)}`],
    ['a line feed behind', `${JSON.stringify(HEADER)}\n`],
    ['white space inside', `{"alg": "ES256","typ":"at+jwt","kid":"k"}`],
    ['an array', `["ES256","at+jwt","k"]`],
    ['text', `"ES256"`],
    ['null', 'null'],
    ['a number', '1'],
    ['a second object', `${JSON.stringify(HEADER)}{}`],
    ['a header cut off', JSON.stringify(HEADER).slice(0, -1)],
  ])('refuses %s in place of the header', (_, header) => {
    expect(parseHeader(tokenOf(part(header), written(CLAIMS)))).toBeUndefined();
  });

  it('refuses a header that is not UTF-8', () => {
    const header = Buffer.concat([bytes('{"alg":"ES256","typ":"at+jwt","kid":"'), Buffer.from([0xff]), bytes('"}')]);
    expect(parseHeader(tokenOf(header.toString('base64url'), written(CLAIMS)))).toBeUndefined();
  });

  it.each([
    ['two parts', TOKEN.split('.').slice(0, 2).join('.')],
    ['four parts', `${TOKEN}.AAAA`],
    ['the five parts of a JWE', `${TOKEN}.AAAA.AAAA`],
    ['an empty header', `.${TOKEN.split('.').slice(1).join('.')}`],
    ['an empty body', tokenOf(written(HEADER), '')],
    ['no signature', tokenOf(written(HEADER), written(CLAIMS), '')],
    ['padding', `${TOKEN}==`],
    ['padding inside', tokenOf(`${written(HEADER)}=`, written(CLAIMS))],
    ['the alphabet of base64', tokenOf(written(HEADER), written(CLAIMS), `+/${SIGNATURE.slice(2)}`)],
    ['a space before', ` ${TOKEN}`],
    ['a line feed behind', `${TOKEN}\n`],
    ['a NUL', `${TOKEN}\0`],
    [
      'JSON serialisation',
      JSON.stringify({ payload: written(CLAIMS), protected: written(HEADER), signature: SIGNATURE }),
    ],
    ['nothing', ''],
  ])('refuses %s', (_, whole) => {
    expect(parseHeader(whole)).toBeUndefined();
  });

  it('refuses unused bits that are not zero: one text per signature', () => {
    const last = SIGNATURE.slice(-1);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twins = Array.from(alphabet).filter((letter) => letter !== last);
    const sameBytes = twins.filter((letter) =>
      Buffer.from(SIGNATURE.slice(0, -1) + letter, 'base64url').equals(Buffer.from(SIGNATURE, 'base64url')),
    );
    expect(sameBytes).toHaveLength(15);
    for (const letter of sameBytes) expect(parseHeader(TOKEN.slice(0, -1) + letter)).toBeUndefined();
  });

  it('accepts a token of 4,095 characters and none of 4,096', () => {
    const rest = 4095 - TOKEN.length + SIGNATURE.length;
    const ofLength = (length: number): string => tokenOf(written(HEADER), written(CLAIMS), 'A'.repeat(length));
    // 4n + 1 characters are no base64url.
    const fitting = rest % 4 === 1 ? rest - 1 : rest;
    expect(parseHeader(ofLength(fitting))).toBeDefined();
    for (const tooLong of [rest + 1, rest + 2, rest + 3]) expect(parseHeader(ofLength(tooLong))).toBeUndefined();
  });

  it('refuses a body nested as deep as the bound allows, without an error', () => {
    const deep = tokenOf(written(HEADER), part('['.repeat(1400) + ']'.repeat(1400)));
    expect(deep.length).toBeLessThan(4096);
    expect(parseClaims(deep)).toBeUndefined();
  });
});

describe('parseClaims', () => {
  const NOT_TEXT: unknown[] = [undefined, null, '', 1, true, [], ['x'], {}];
  const NOT_ID: unknown[] = [
    ...NOT_TEXT,
    'x',
    '0199C2F4-6A10-7B21-8C4D-91B3A7E6F5D2',
    ` ${CLAIMS.sub}`,
    `{${CLAIMS.sub}}`,
  ];
  const NOT_COUNT: unknown[] = [undefined, null, '1', '', -1, 1.5, 1e300, 2 ** 53, true, [1], {}];
  const NOT_LIST: unknown[] = [undefined, null, 'admin', 1, {}, [1], [null], [''], [['a']], { 0: 'admin', length: 1 }];

  it.each([
    ...['iss', 'aud', 'jti', 'client_id'].map((name) => [name, NOT_TEXT] as const),
    ...['sub', 'sid'].map((name) => [name, NOT_ID] as const),
    ...['iat', 'exp', 'auth_time', 'ver', 'era'].map((name) => [name, NOT_COUNT] as const),
    ...['amr', 'roles'].map((name) => [name, NOT_LIST] as const),
    ['nbf', NOT_COUNT.slice(1)] as const,
  ])('refuses a %s that is missing or of another type', (name, values) => {
    for (const value of values) {
      expect({ value, claims: parseClaims(withClaims({ ...CLAIMS, [name]: value })) }).toEqual({
        value,
        claims: undefined,
      });
    }
  });

  it('refuses more than sixteen roles', () => {
    const roles = (count: number): string[] => Array.from({ length: count }, (_, index) => `r${index}`);
    expect(parseClaims(withClaims({ ...CLAIMS, roles: roles(16) }))).toBeDefined();
    expect(parseClaims(withClaims({ ...CLAIMS, roles: roles(17) }))).toBeUndefined();
  });

  it('does not take a claim from a prototype that the body names', () => {
    const { roles, ...rest } = CLAIMS;
    const body = `${JSON.stringify(rest).slice(0, -1)},"__proto__":${JSON.stringify({ roles })}}`;
    expect(parseClaims(tokenOf(written(HEADER), part(body)))).toBeUndefined();
  });

  it.each([['__proto__'], ['constructor'], ['toString'], ['hasOwnProperty'], ['then'], ['toJSON'], ['anything']])(
    'ignores a further claim named %s',
    (name) => {
      const body = `${JSON.stringify(CLAIMS).slice(0, -1)},"${name}":{"admin":true}}`;
      expect(parseClaims(tokenOf(written(HEADER), part(body)))).toMatchObject({ sub: CLAIMS.sub, roles: CLAIMS.roles });
    },
  );

  it.each([
    ['a claim twice', `${JSON.stringify(CLAIMS).slice(0, -1)},"roles":["admin"]}`],
    ['a byte order mark', `\uFEFF${JSON.stringify(CLAIMS)}`],
    ['white space', JSON.stringify(CLAIMS, undefined, 1)],
    ['a number in another spelling', JSON.stringify(CLAIMS).replace('"ver":1', '"ver":1.0')],
    ['a number with an exponent', JSON.stringify(CLAIMS).replace('"ver":1', '"ver":1e0')],
    ['a list', `[${JSON.stringify(CLAIMS)}]`],
    ['a token in place of claims', TOKEN],
  ])('refuses %s', (_, body) => {
    expect(parseClaims(tokenOf(written(HEADER), part(body)))).toBeUndefined();
  });

  it('refuses claims that are not UTF-8, which readers mend in different ways', () => {
    const [before = '', after = ''] = JSON.stringify({ ...CLAIMS, roles: ['%'] }).split('%');
    for (const invalid of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      const body = Buffer.concat([bytes(before), Buffer.from(invalid), bytes(after)]);
      expect(parseClaims(tokenOf(written(HEADER), body.toString('base64url')))).toBeUndefined();
    }
  });
});
