import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { decodeJwt, decodeProtectedHeader, exportJWK } from 'jose';
import { SigningKeys } from '../src/tokens/keys/signing-keys.js';
import type { Problem, Tokens } from './support/api.js';
import { base64url, craft, withParts } from './support/crafted-token.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

let service: TestApp;
let tokens: Tokens;
let client: Client;

beforeAll(async () => {
  service = await startTestApp();
  tokens = await service.api.signIn(ADMIN);
  client = await newClient(service, tokens);
});
afterAll(() => service.close());

async function newClient({ api }: TestApp, { accessToken }: Tokens): Promise<Client> {
  return (await api.post<Client>('/api/admin/clients', { name: 'orders' }, accessToken)).body;
}

const verdict = async (token: string, { api }: TestApp = service): Promise<string> => {
  const { status, body } = await api.get<Problem>('/api/protected', token);
  return status === 200 ? 'granted' : `${status} ${body.code}`;
};

async function form({ api }: TestApp, path: string, token: string, { clientId, clientSecret }: Client) {
  return api.send('POST', path, {
    body: new URLSearchParams({ token }).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
    },
  });
}

/** Signs two texts as they are, as no library would, with the service's own key. */
function signed(header: string, body: string, { app }: TestApp = service): string {
  const { sign: key } = app.get(SigningKeys, { strict: false }).signer();
  const input = [header, body].map((text) => Buffer.from(text).toString('base64url')).join('.');
  return `${input}.${signatureOf(input, key)}`;
}

const signatureOf = (input: string, key: Parameters<typeof sign>[2]): string =>
  sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' } as never).toString('base64url');

describe('a header that points at keys elsewhere', () => {
  const attacker = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  let canary: Server;
  let url: string;
  let hits = 0;

  beforeAll(async () => {
    const keys = [{ ...(await exportJWK(attacker.publicKey)), kid: 'attacker', alg: 'ES256', use: 'sig' }];
    canary = createServer((_, response) => {
      hits += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }));
    }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    const address = canary.address();
    if (address === null || typeof address === 'string') throw new Error('no address');
    url = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => canary.close());
  beforeEach(() => {
    hits = 0;
  });

  it('would be noticed if it were followed', async () => {
    await (await fetch(`${url}/jwks.json`)).text();
    expect(hits).toBe(1);
  });

  it.each<[string, (url: string) => { header?: Record<string, unknown>; claims?: Record<string, unknown> }]>([
    ['jku', (at) => ({ header: { jku: `${at}/jwks.json`, kid: 'attacker' } })],
    ['jku, and our kid', (at) => ({ header: { jku: `${at}/jwks.json` } })],
    ['x5u', (at) => ({ header: { x5u: `${at}/cert.pem` } })],
    ['jku and x5u as critical', (at) => ({ header: { jku: at, x5u: at, crit: ['jku', 'x5u'] } })],
    ['a kid that is an address', (at) => ({ header: { kid: `${at}/jwks.json` } })],
    ['an issuer that publishes keys', (at) => ({ header: { kid: 'attacker' }, claims: { iss: at, aud: at } })],
  ])('is refused without a request: %s, signed by the key it points at and by ours', async (_, changesFor) => {
    const changes = changesFor(url);
    for (const key of [attacker.privateKey, undefined]) {
      // The library that signs refuses to name a header critical that it does not know.
      const header = { ...decodeProtectedHeader(tokens.accessToken), ...changes.header };
      const input = `${base64url(header)}.${base64url({ ...decodeJwt(tokens.accessToken), ...changes.claims })}`;
      const own = service.app.get(SigningKeys, { strict: false }).signer().sign;
      const token = `${input}.${signatureOf(input, key ?? own)}`;
      expect(await verdict(token)).toBe('401 token_invalid');
      expect((await form(service, '/oauth/introspect', token, client)).body).toEqual({ active: false });
      expect((await form(service, '/oauth/revoke', token, client)).status).toBe(200);
    }
    expect(hits).toBe(0);
  });
});

describe('a token in whose JSON two readers could see different things (RFC 8259 §4), rightly signed', () => {
  const header = (): string => JSON.stringify(decodeProtectedHeader(tokens.accessToken));
  const body = (): string => JSON.stringify(decodeJwt(tokens.accessToken));
  const withMember = (json: string, member: string): string => `${json.slice(0, -1)},${member}}`;
  const before = (json: string, member: string): string => `{${member},${json.slice(1)}`;

  it('gets in where its texts are as the service writes them: what follows is refused for what it says it does', async () => {
    expect(await verdict(signed(header(), body()))).toBe('granted');
  });

  it.each([
    ['"alg":"none"'],
    ['"alg":"ES256"'],
    ['"kid":"other"'],
    ['"typ":"at+jwt"'],
    ['"typ":"JWT"'],
    ['"\\u0061lg":"none"'],
  ])('is refused where its header has %s besides, before or behind', async (member) => {
    expect(await verdict(signed(withMember(header(), member), body()))).toBe('401 token_invalid');
    expect(await verdict(signed(before(header(), member), body()))).toBe('401 token_invalid');
  });

  it.each([
    ['"sub":"0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2"'],
    ['"roles":["admin"]'],
    ['"roles":[]'],
    ['"exp":99999999999'],
    ['"\\u0065xp":99999999999'],
    ['"sid":"0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2"'],
    ['"jti":"x"'],
    ['"ver":999'],
  ])('is refused where its claims have %s besides, before or behind', async (member) => {
    expect(await verdict(signed(header(), withMember(body(), member)))).toBe('401 token_invalid');
    expect(await verdict(signed(header(), before(body(), member)))).toBe('401 token_invalid');
  });

  it.each<[string, (json: string) => string]>([
    ['white space', (json) => json.replace(',', ', ')],
    ['a byte order mark', (json) => `\uFEFF${json}`],
    ['a comment', (json) => json.replace('{', '{/**/')],
    ['a trailing comma', (json) => json.replace(/}$/, ',}')],
    ['single quotes', (json) => json.replaceAll('"', "'")],
    ['a second object', (json) => `${json}{}`],
    ['a NUL behind', (json) => `${json}\0`],
  ])('is refused with %s in its header or its claims', async (_, spoil) => {
    expect(await verdict(signed(spoil(header()), body()))).toBe('401 token_invalid');
    expect(await verdict(signed(header(), spoil(body())))).toBe('401 token_invalid');
  });
});

describe('a body that is not encoded (RFC 7797), rightly signed over its plain text', () => {
  it.each([[['b64']], [['b64', 'exp']], [[]], [undefined]])('is refused with crit %j', async (crit) => {
    const header = { ...decodeProtectedHeader(tokens.accessToken), b64: false, ...(crit && { crit }) };
    const claims = JSON.stringify(decodeJwt(tokens.accessToken));
    const { sign: key } = service.app.get(SigningKeys, { strict: false }).signer();
    const signature = signatureOf(`${base64url(header)}.${claims}`, key);
    for (const sent of [claims, Buffer.from(claims).toString('base64url'), '']) {
      expect(await verdict(`${base64url(header)}.${sent}.${signature}`)).toBe('401 token_invalid');
    }
  });
});

describe('times, rightly signed', () => {
  const now = (): number => Math.floor(service.clock.now().getTime() / 1000);

  it.each<[string, () => Record<string, unknown>]>([
    ['no end', () => ({ exp: undefined })],
    ['no beginning', () => ({ iat: undefined })],
    ['neither', () => ({ exp: undefined, iat: undefined })],
    ['an end in text', () => ({ exp: `${now() + 900}` })],
    ['an end with a fraction', () => ({ iat: now(), exp: now() + 899.5 })],
    ['an end beyond all integers', () => ({ exp: 1e300 })],
    ['an end that is no number', () => ({ exp: null })],
    ['an end in milliseconds', () => ({ exp: (now() + 900) * 1000 })],
    ['a beginning ahead by more than the clocks may be apart', () => ({ iat: now() + 15, exp: now() + 900 })],
    ['a beginning in milliseconds', () => ({ iat: now() * 1000, exp: now() * 1000 + 900 })],
    ['a start ahead', () => ({ nbf: now() + 15 })],
    ['a start in text', () => ({ nbf: `${now() - 60}` })],
    ['an end at its beginning', () => ({ iat: now(), exp: now() })],
    ['a life of a second more than is configured', () => ({ iat: now() - 1, exp: now() + 900 })],
  ])('are refused with %s', async (_, claims) => {
    expect(await verdict(await craft(service, tokens.accessToken, { claims: claims() }))).toBe('401 token_invalid');
  });

  it('end in the very second that exp names (RFC 7519 §4.1.4), without a leeway', async () => {
    const claims = { iat: now() - 900, exp: now() };
    expect(await verdict(await craft(service, tokens.accessToken, { claims }))).toBe('401 token_expired');
  });
});

const ORDERS = {
  ES256: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  ES384: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
} as const;

describe.each(['ES256', 'ES384'] as const)('a signature by %s', (algorithm) => {
  const order = BigInt(`0x${ORDERS[algorithm]}`);
  const bytes = ORDERS[algorithm].length / 2;
  let under: TestApp;
  let admin: Tokens;
  let orders: Client;

  beforeAll(async () => {
    under = await startTestApp({ env: { JWT_ALGORITHM: algorithm } });
    admin = await under.api.signIn(ADMIN);
    orders = await newClient(under, admin);
  });
  afterAll(() => under.close());

  const read = (token: string): { r: bigint; s: bigint } => {
    const hex = Buffer.from(token.split('.')[2] ?? '', 'base64url').toString('hex');
    return { r: BigInt(`0x${hex.slice(0, 2 * bytes)}`), s: BigInt(`0x${hex.slice(2 * bytes)}`) };
  };
  const resigned = (token: string, r: bigint, s: bigint): string => {
    const hex = [r, s].map((value) => value.toString(16).padStart(2 * bytes, '0')).join('');
    return withParts(token, { signature: Buffer.from(hex, 'hex').toString('base64url') });
  };

  it('is read as r and s: the same two written anew get in', async () => {
    const { r, s } = read(admin.accessToken);
    expect(resigned(admin.accessToken, r, s)).toBe(admin.accessToken);
    expect(await verdict(admin.accessToken, under)).toBe('granted');
  });

  it('is refused where r or s is nought, the order, beyond it, or of something else (CVE-2022-21449)', async () => {
    const { r, s } = read(admin.accessToken);
    const most = (1n << BigInt(8 * bytes)) - 1n;
    const pairs: [bigint, bigint][] = [
      [0n, 0n],
      [r, 0n],
      [0n, s],
      [0n, 1n],
      [1n, 0n],
      [1n, 1n],
      [order, order],
      [r, order],
      [order, s],
      [order - r, s],
      [order - r, order - s],
      [s, r],
      [most, most],
      [r, (s + 1n) % order],
    ];
    for (const [one, other] of pairs) {
      expect(await verdict(resigned(admin.accessToken, one, other), under)).toBe('401 token_invalid');
    }
  });

  it('has a twin (r, n−s) that the revocation of the token refuses as well: the denylist knows it by its jti', async () => {
    const { accessToken, refreshToken } = await under.api.signIn(ADMIN);
    const { r, s } = read(accessToken);
    const twin = resigned(accessToken, r, order - s);
    expect(twin).not.toBe(accessToken);
    await form(under, '/oauth/revoke', accessToken, orders);
    expect([await verdict(accessToken, under), await verdict(twin, under)]).toEqual([
      '401 token_revoked',
      '401 token_revoked',
    ]);
    // And the other way about: whoever revokes the twin has revoked the token.
    const next = (await under.api.refresh(refreshToken)).body.accessToken;
    const other = read(next);
    await form(under, '/oauth/revoke', resigned(next, other.r, order - other.s), orders);
    expect(await verdict(next, under)).toBe('401 token_revoked');
  });

  it('of another length is refused', async () => {
    const signature = Buffer.from(admin.accessToken.split('.')[2] ?? '', 'base64url');
    const lengths = [
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([Buffer.alloc(1), signature]),
      Buffer.concat([signature, Buffer.alloc(1)]),
      signature.subarray(0, bytes),
      Buffer.alloc(1),
    ];
    for (const each of lengths) {
      const token = withParts(admin.accessToken, { signature: each.toString('base64url') });
      expect(await verdict(token, under)).toBe('401 token_invalid');
    }
  });
});
