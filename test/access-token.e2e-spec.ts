import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { connect } from 'node:net';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { JWT_ALGORITHMS } from '../src/config/app-config.js';
import { SigningKeys } from '../src/tokens/keys/signing-keys.js';
import type { Answer, Problem, Tokens } from './support/api.js';
import { base64url, craft, withParts } from './support/crafted-token.js';
import type { Changes } from './support/crafted-token.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

let service: TestApp;
let tokens: Tokens;

beforeAll(async () => {
  service = await startTestApp();
  tokens = await service.api.signIn(ADMIN);
});
afterAll(() => service.close());

const ask = (token: string): Promise<Answer<Problem>> => service.api.get<Problem>('/api/protected', token);
const crafted = (changes: Changes): Promise<string> => craft(service, tokens.accessToken, changes);
const now = (): number => Math.floor(Date.now() / 1000);

async function expectRefused(token: string, code = 'token_invalid'): Promise<void> {
  const answer = await ask(token);
  expect({ token, status: answer.status, code: answer.body.code }).toEqual({ token, status: 401, code });
  expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="gatehouse", error="invalid_token"/);
}

describe('a valid access token', () => {
  it('gets in, and so does one that was signed anew from the same claims: what follows refuses what it says it does', async () => {
    expect((await ask(tokens.accessToken)).status).toBe(200);
    expect((await ask(await crafted({}))).status).toBe(200);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('gets in behind the scheme %s (RFC 9110 §11.1)', async (scheme) => {
    const headers = { authorization: `${scheme} ${tokens.accessToken}` };
    expect((await service.api.send('GET', '/api/protected', { headers })).status).toBe(200);
  });

  it('may have claims that we do not know', async () => {
    expect((await ask(await crafted({ claims: { cnf: { jkt: 'x' }, scope: 'admin' } }))).status).toBe(200);
  });

  it.each([
    ['not before a moment ago', { nbf: now() - 60 }],
    ['issued a moment ahead, as another instance may date it', { iat: now() + 3, exp: now() + 903 }],
  ])('gets in where it is %s', async (_, claims) => {
    expect((await ask(await crafted({ claims }))).status).toBe(200);
  });
});

describe('a request without an access token', () => {
  it('is told so by a bare challenge (RFC 6750 §3.1)', async () => {
    const answer = await service.api.get<Problem>('/api/protected');
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('token_missing');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatehouse"');
  });

  it('does not get in by a token in the query string, which is never read (RFC 6750 §2.3)', async () => {
    for (const name of ['access_token', 'token', 'authorization', 'Authorization']) {
      const answer = await service.api.get<Problem>(`/api/protected?${name}=${tokens.accessToken}`);
      expect([answer.status, answer.body.code]).toEqual([401, 'token_missing']);
    }
  });

  it.each(['Basic', 'DPoP', 'Token', 'Bearerx', 'JWT'])('does not get in by the scheme %s', async (scheme) => {
    const headers = { authorization: `${scheme} ${tokens.accessToken}` };
    const answer = await service.api.send<Problem>('GET', '/api/protected', { headers });
    expect([answer.status, answer.body.code]).toEqual([401, 'token_missing']);
  });

  it.each([
    ['nothing', 'Bearer'],
    ['two tokens', 'Bearer a.b.c d.e.f'],
    ['two tokens after a comma', 'Bearer a.b.c, Bearer d.e.f'],
    ['a parameter', 'Bearer token="a.b.c"'],
  ])('is refused with %s behind the scheme', async (_, authorization) => {
    const answer = await service.api.send<Problem>('GET', '/api/protected', { headers: { authorization } });
    expect([answer.status, answer.body.code]).toEqual([401, 'token_invalid']);
  });

  it('is refused with two Authorization headers, though both are valid', async () => {
    const line = `Authorization: Bearer ${tokens.accessToken}\r\n`;
    expect(await raw(line)).toMatch(/^HTTP\/1\.1 200 /);
    const twice = await raw(line + line);
    expect(twice).toMatch(/^HTTP\/1\.1 401 /);
    expect(twice).toContain('"code":"token_invalid"');
    expect(await raw(`${line}authorization: Basic eDp4\r\n`)).toMatch(/^HTTP\/1\.1 401 /);
  });
});

/** Fetch would join the two headers. */
function raw(headers: string): Promise<string> {
  const { hostname, port } = new URL(service.api.url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET /api/protected HTTP/1.1\r\nHost: ${hostname}\r\n${headers}Connection: close\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => {
      resolve(Buffer.concat(chunks).toString());
    });
    socket.on('error', reject);
  });
}

describe('an access token is refused', () => {
  it('once it has expired, as token_expired, and refreshing mends it', async () => {
    const { accessToken, refreshToken } = await service.api.signIn(ADMIN);
    service.clock.advance(899);
    expect((await ask(accessToken)).status).toBe(200);
    service.clock.advance(2);
    await expectRefused(accessToken, 'token_expired');
    const refreshed = await service.api.refresh(refreshToken);
    expect((await ask(refreshed.body.accessToken)).status).toBe(200);
    service.clock.advance(-901);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'http://127.0.0.1:3001' }],
    ['our issuer with a slash', { iss: 'http://127.0.0.1:3000/' }],
    ['another audience', { aud: 'https://other.example' }],
    ['a list of audiences, though ours is in it', { aud: ['http://127.0.0.1:3000'] }],
    ['another client', { client_id: 'other' }],
    ['an issue time ahead', { iat: now() + 60, exp: now() + 960 }],
    ['a start ahead', { nbf: now() + 60 }],
    ['a life longer than the configured one', { iat: now(), exp: now() + 901 }],
    ['a life of years', { exp: now() + 100_000_000 }],
    ['an end before its beginning', { iat: now(), exp: now() - 1 }],
  ])('with %s, rightly signed', async (_, claims) => {
    const token = await crafted({ claims });
    await expectRefused(token);
    // The other way through the verification: it ends no session either.
    const signOut = await service.api.post<Problem>('/api/logout', {}, token);
    expect([signOut.status, signOut.body.code]).toEqual([401, 'token_invalid']);
    expect((await ask(tokens.accessToken)).status).toBe(200);
  });

  const claimNames = [
    'iss',
    'aud',
    'sub',
    'sid',
    'jti',
    'iat',
    'exp',
    'auth_time',
    'amr',
    'roles',
    'client_id',
    'ver',
    'era',
  ];
  it.each(claimNames)('without %s, and with one of another type, rightly signed', async (name) => {
    for (const value of [undefined, null, {}, [1], true, name === 'ver' || name === 'era' ? '1' : -1]) {
      await expectRefused(await crafted({ claims: { [name]: value } }));
    }
  });

  it.each([['JWT'], ['at+JWT'], ['application/at+jwt'], ['rt+jwt'], [undefined]])(
    'of the type %s, rightly signed',
    async (typ) => {
      await expectRefused(await crafted({ header: { typ } }));
    },
  );

  it.each([
    ['jku', 'https://attacker.example/jwks.json'],
    ['x5u', 'https://attacker.example/cert.pem'],
    ['x5c', ['MIIB']],
    ['cty', 'JWT'],
    ['zip', 'DEF'],
  ])('with the header member %s, rightly signed', async (name, value) => {
    await expectRefused(await crafted({ header: { [name]: value } }));
  });

  it('with a critical member, or a body that is not base64url (RFC 7797), rightly signed', async () => {
    const signer = service.app.get(SigningKeys, { strict: false }).signer();
    const header = decodeProtectedHeader(tokens.accessToken);
    for (const extra of [{ crit: ['exp'] }, { crit: [] }, { crit: ['b64'], b64: false }, { b64: false }]) {
      const signed = `${base64url({ ...header, ...extra })}.${tokens.accessToken.split('.')[1] ?? ''}`;
      const signature = sign('sha256', Buffer.from(signed), { key: signer.sign, dsaEncoding: 'ieee-p1363' });
      await expectRefused(`${signed}.${signature.toString('base64url')}`);
    }
  });

  it('with a key of its own in the header (CVE-2018-0114)', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const jwk = publicKey.export({ format: 'jwk' });
    await expectRefused(await crafted({ header: { jwk }, key: privateKey }));
    await expectRefused(await crafted({ key: privateKey }));
  });

  it.each(['none', 'None', 'NONE', 'nOnE', '', 'es256', 'ES256 ', 'ES256K', 'EdDSA'])(
    'with the algorithm "%s"',
    async (alg) => {
      const header = { ...decodeProtectedHeader(tokens.accessToken), alg };
      await expectRefused(withParts(tokens.accessToken, { header }));
      await expectRefused(withParts(tokens.accessToken, { header, signature: '' }));
      await expectRefused(withParts(tokens.accessToken, { header, signature: 'AA' }));
    },
  );

  it('signed by HMAC with our public key as the secret, in any of its encodings', async () => {
    const publicKey = service.app.get(SigningKeys, { strict: false }).signer().verify;
    const jwk = publicKey.export({ format: 'jwk' });
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string;
    const der = publicKey.export({ format: 'der', type: 'spki' });
    const secrets = [
      pem,
      pem.trim(),
      ` ${pem}`,
      der,
      JSON.stringify(jwk),
      der.toString('base64'),
      jwk.x ?? '',
      Buffer.alloc(0),
    ];
    for (const alg of ['HS256', 'HS384', 'HS512'] as const) {
      const header = { ...decodeProtectedHeader(tokens.accessToken), alg };
      const signed = withParts(tokens.accessToken, { header }).split('.').slice(0, 2).join('.');
      for (const secret of secrets) {
        const mac = createHmac(alg.replace('HS', 'sha'), secret).update(signed).digest('base64url');
        await expectRefused(`${signed}.${mac}`);
      }
    }
  });

  it.each([
    ['unknown', 'nobody-has-this-key'],
    ['a path', '../../../../dev/null'],
    ['SQL', "' OR '1'='1"],
    ['the name of a prototype', '__proto__'],
    ['a member that every object has', 'constructor'],
    ['empty', ''],
    ['a number', 1],
    ['a list', ['x']],
    ['an object', {}],
    ['null', null],
    ['left out', undefined],
  ])('with a key id that is %s, though the signature holds', async (_, kid) => {
    const { alg } = decodeProtectedHeader(tokens.accessToken);
    const header = base64url({ alg, typ: 'at+jwt', kid });
    const signed = `${header}.${tokens.accessToken.split('.')[1] ?? ''}`;
    const { sign: key } = service.app.get(SigningKeys, { strict: false }).signer();
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    await expectRefused(`${signed}.${signature}`);
  });

  it('altered at any single position', async () => {
    const { accessToken } = tokens;
    const parts = accessToken.length;
    for (let batch = 0; batch < parts; batch += 25) {
      const positions = Array.from({ length: Math.min(25, parts - batch) }, (_, index) => batch + index);
      const answers = await Promise.all(
        positions.map(async (at) => {
          const other = accessToken[at] === 'A' ? 'B' : 'A';
          const altered = await ask(accessToken.slice(0, at) + other + accessToken.slice(at + 1));
          const cut = await ask(accessToken.slice(0, at) + accessToken.slice(at + 1));
          return [altered.status, altered.body.code, cut.status, cut.body.code];
        }),
      );
      for (const answer of answers) expect(answer).toEqual([401, 'token_invalid', 401, 'token_invalid']);
    }
  });

  it('with a signature of zeros (CVE-2022-21449), of another length, in DER, or of another token', async () => {
    const other = await service.api.signIn(ADMIN);
    const [, , signature = ''] = tokens.accessToken.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const der = Buffer.concat([
      Buffer.from([0x30, 0x44, 2, 32]),
      bytes.subarray(0, 32),
      Buffer.from([2, 32]),
      bytes.subarray(32),
    ]);
    for (const forged of [
      Buffer.alloc(64),
      Buffer.alloc(64, 0xff),
      bytes.subarray(0, 63),
      Buffer.concat([bytes, bytes]),
      der,
    ]) {
      await expectRefused(withParts(tokens.accessToken, { signature: forged.toString('base64url') }));
    }
    const [, , foreign = ''] = other.accessToken.split('.');
    await expectRefused(withParts(tokens.accessToken, { signature: foreign }));
  });

  it('with the claims of one token and the roles of another', async () => {
    const user = await service.api.newUser('mallory@example.com');
    await expectRefused(withParts(user.accessToken, { claims: { ...decodeJwt(user.accessToken), roles: ['admin'] } }));
    await expectRefused(withParts(user.accessToken, { claims: decodeJwt(tokens.accessToken) }));
  });

  it('where it is a refresh token', async () => {
    await expectRefused(tokens.refreshToken);
  });

  it('where it is longer than 4 KiB, rightly signed', async () => {
    expect((await ask(await crafted({ claims: { pad: 'x'.repeat(2000) } }))).status).toBe(200);
    await expectRefused(await crafted({ claims: { pad: 'x'.repeat(3000) } }));
  });
});

it('ends with its session in both of its spellings: an ECDSA signature has a twin', async () => {
  const { accessToken } = await service.api.signIn(ADMIN);
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const bytes = Buffer.from(accessToken.split('.')[2] ?? '', 'base64url');
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  const other = withParts(accessToken, { signature: twin.toString('base64url') });
  expect(other).not.toBe(accessToken);
  expect((await ask(other)).status).toBe(200);
  await service.api.post('/api/logout', {}, accessToken);
  await expectRefused(accessToken, 'token_revoked');
  await expectRefused(other, 'token_revoked');
});

describe.each(JWT_ALGORITHMS)('under JWT_ALGORITHM=%s', (algorithm) => {
  let under: TestApp;

  beforeAll(async () => {
    under = await startTestApp({ env: { JWT_ALGORITHM: algorithm } });
  });
  afterAll(() => under.close());

  it('signs in, grants and refreshes, and jose agrees on every token', async () => {
    const first = await under.api.signIn(ADMIN);
    const second = await under.api.refresh(first.refreshToken);
    const { verify } = under.app.get(SigningKeys, { strict: false }).signer();
    for (const { accessToken } of [first, second.body]) {
      expect((await under.api.get('/api/protected', accessToken)).status).toBe(200);
      const key = verify.type === 'secret' ? verify : createPublicKey(verify.export({ format: 'pem', type: 'spki' }));
      const { protectedHeader } = await jwtVerify(accessToken, key, {
        algorithms: [algorithm],
        typ: 'at+jwt',
        issuer: 'http://127.0.0.1:3000',
        audience: 'http://127.0.0.1:3000',
      });
      expect(protectedHeader.alg).toBe(algorithm);
    }
  });

  it('refuses any other algorithm, those of the same family and key too', async () => {
    const { accessToken } = await under.api.signIn(ADMIN);
    const { sign: key } = under.app.get(SigningKeys, { strict: false }).signer();
    const siblings = {
      ES256: [],
      ES384: [],
      PS256: ['RS256', 'PS384', 'PS512'],
      RS256: ['PS256', 'RS384'],
      HS256: ['HS384', 'HS512'],
    };
    for (const alg of siblings[algorithm]) {
      const token = await craft(under, accessToken, { header: { alg }, key });
      const answer = await under.api.get<Problem>('/api/protected', token);
      expect([alg, answer.status, answer.body.code]).toEqual([alg, 401, 'token_invalid']);
    }
    for (const alg of [...JWT_ALGORITHMS, 'none'].filter((other) => other !== algorithm)) {
      const header = { ...decodeProtectedHeader(accessToken), alg };
      for (const forged of [
        withParts(accessToken, { header }),
        withParts(accessToken, { header, signature: randomBytes(64).toString('base64url') }),
      ]) {
        expect((await under.api.get('/api/protected', forged)).status).toBe(401);
      }
    }
  });
});
