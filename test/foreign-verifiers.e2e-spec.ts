import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { JWT_ALGORITHMS } from '../src/config/app-config.js';
import type { JwtAlgorithm } from '../src/config/app-config.js';
import type { Tokens } from './support/api.js';
import { withParts } from './support/crafted-token.js';
import { freePort } from './support/free-port.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

/** The address that it tells others is the one it listens on: they find everything by it alone. */
async function startPublished(algorithm: JwtAlgorithm): Promise<TestApp> {
  const port = await freePort();
  const env = { PORT: `${port}`, PUBLIC_URL: `http://127.0.0.1:${port}`, JWT_ALGORITHM: algorithm };
  return startTestApp({ port, env });
}

// Deprecated so that it stands out; the service speaks HTTP on the loopback here.
// eslint-disable-next-line @typescript-eslint/no-deprecated
const insecure = { [oauth.allowInsecureRequests]: true };
const asymmetric = JWT_ALGORITHMS.filter((algorithm) => algorithm !== 'HS256');

describe('oauth4webapi, which was written by others', () => {
  let service: TestApp;
  let issuer: URL;
  let server: oauth.AuthorizationServer;
  let client: oauth.Client;
  let secret: oauth.ClientAuth;

  beforeAll(async () => {
    service = await startPublished('ES256');
    issuer = new URL(service.config.tokens.issuer);
    const { accessToken } = await service.api.signIn(ADMIN);
    const made = await service.api.post<{ clientId: string; clientSecret: string }>(
      '/api/admin/clients',
      { name: 'orders' },
      accessToken,
    );
    client = { client_id: made.body.clientId };
    secret = oauth.ClientSecretBasic(made.body.clientSecret);
    const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
    server = await oauth.processDiscoveryResponse(issuer, response);
  });
  afterAll(() => service.close());

  const introspect = async (token: string, auth = secret): Promise<oauth.IntrospectionResponse> =>
    oauth.processIntrospectionResponse(
      server,
      client,
      await oauth.introspectionRequest(server, client, auth, token, insecure),
    );
  const revoke = async (token: string, auth = secret): Promise<void> => {
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, token, insecure));
  };
  const resourceRequest = (token: string): Request =>
    new Request('https://orders.example/', { headers: { authorization: `Bearer ${token}` } });
  const validate = (token: string, audience = issuer.origin): Promise<oauth.JWTAccessTokenClaims> =>
    oauth.validateJwtAccessToken(server, resourceRequest(token), audience, insecure);

  it('discovers the service by its issuer (RFC 8414)', () => {
    expect(server).toMatchObject({
      issuer: issuer.origin,
      jwks_uri: `${issuer.origin}/.well-known/jwks.json`,
      introspection_endpoint: `${issuer.origin}/oauth/introspect`,
      revocation_endpoint: `${issuer.origin}/oauth/revoke`,
    });
    expect(server).not.toHaveProperty('token_endpoint');
  });

  it('validates access tokens as RFC 9068 asks it to', async () => {
    const tokens = await service.api.signIn(ADMIN);
    expect(await validate(tokens.accessToken)).toEqual(decodeJwt(tokens.accessToken));
  });

  it('refuses them for another audience, or altered', async () => {
    const { accessToken } = await service.api.signIn(ADMIN);
    await expect(validate(accessToken, 'https://other.example')).rejects.toThrow();
    const claims = { ...decodeJwt(accessToken), roles: ['root'] };
    await expect(validate(withParts(accessToken, { claims }))).rejects.toThrow();
  });

  it('introspects access and refresh tokens (RFC 7662)', async () => {
    const tokens = await service.api.signIn(ADMIN);
    const { sub, exp, iat, jti } = decodeJwt(tokens.accessToken);
    const facts = { active: true, iss: issuer.origin, sub, client_id: 'gatehouse', sid: tokens.sessionId };
    expect(await introspect(tokens.accessToken)).toMatchObject({
      ...facts,
      token_type: expect.stringMatching(/^bearer$/i) as string,
      aud: issuer.origin,
      exp,
      iat,
      jti,
    });
    expect(await introspect(tokens.refreshToken)).toMatchObject(facts);
    expect(await introspect('something else')).toEqual({ active: false });
  });

  it('revokes an access token alone, and with a refresh token the session (RFC 7009)', async () => {
    const one = await service.api.signIn(ADMIN);
    await revoke(one.accessToken);
    expect(await introspect(one.accessToken)).toEqual({ active: false });
    expect(await introspect(one.refreshToken)).toMatchObject({ active: true });
    await revoke(one.refreshToken);
    expect(await introspect(one.refreshToken)).toEqual({ active: false });
  });

  it('revokes a refresh token without a secret, as a public client', async () => {
    const tokens = await service.api.signIn(ADMIN);
    await revoke(tokens.refreshToken, oauth.None());
    expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(401);
  });

  it('revokes what is no token, and what has been revoked, without an error', async () => {
    const { accessToken } = await service.api.signIn(ADMIN);
    for (const token of [accessToken, accessToken, 'rt_none', 'x']) await revoke(token);
  });

  it('understands the refusal of a wrong secret (RFC 6749 §5.2)', async () => {
    const wrong = oauth.ClientSecretBasic('cs_wrong');
    for (const refused of [introspect('x', wrong), revoke('x', wrong)]) {
      await expect(refused).rejects.toMatchObject({ status: 401 });
    }
  });

  it('understands the challenge to a request with a revoked token (RFC 6750 §3)', async () => {
    const tokens = await service.api.signIn(ADMIN);
    await revoke(tokens.refreshToken);
    const url = new URL('/api/protected', issuer);
    const asked = oauth.protectedResourceRequest(tokens.accessToken, 'GET', url, new Headers(), null, insecure);
    await expect(asked).rejects.toMatchObject({
      cause: [
        expect.objectContaining({
          scheme: 'bearer',
          parameters: expect.objectContaining({ error: 'invalid_token' }) as unknown,
        }),
      ],
    });
  });
});

const python = spawnSync('/usr/bin/python3', ['-c', 'import jwt, cryptography']).status === 0;
if (!python) process.stdout.write('PyJWT is not installed for /usr/bin/python3: its tests are not registered.\n');

describe.each(asymmetric)('under JWT_ALGORITHM=%s', (algorithm) => {
  let service: TestApp;
  let tokens: Tokens;
  let keySet: URL;

  beforeAll(async () => {
    service = await startPublished(algorithm);
    tokens = await service.api.signIn(ADMIN);
    keySet = new URL('/.well-known/jwks.json', service.api.url);
  });
  afterAll(() => service.close());

  it('jose verifies access tokens by the key set alone, and refuses an altered one', async () => {
    const { issuer, audience } = service.config.tokens;
    const keys = createRemoteJWKSet(keySet);
    const verify = (token: string) => jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt' });
    const { protectedHeader, payload } = await verify(tokens.accessToken);
    expect([protectedHeader.alg, payload.sid]).toEqual([algorithm, tokens.sessionId]);
    await expect(verify(withParts(tokens.accessToken, { claims: { ...payload, roles: [] } }))).rejects.toThrow();
  });

  it('oauth4webapi validates access tokens', async () => {
    const { issuer } = service.config.tokens;
    const server = { issuer, jwks_uri: keySet.href };
    const request = new Request('https://orders.example/', {
      headers: { authorization: `Bearer ${tokens.accessToken}` },
    });
    const claims = await oauth.validateJwtAccessToken(server, request, issuer, insecure);
    expect(claims.sid).toBe(tokens.sessionId);
  });

  if (python) {
    it('PyJWT verifies access tokens by the key set alone, and refuses an altered one', async () => {
      const { issuer, audience } = service.config.tokens;
      const script = path.resolve('test/support/verify-with-pyjwt.py');
      const verify = async (token: string): Promise<unknown> => {
        const { stdout } = await promisify(execFile)('/usr/bin/python3', [
          script,
          keySet.href,
          algorithm,
          audience,
          issuer,
          token,
        ]);
        return JSON.parse(stdout);
      };
      const claims = decodeJwt(tokens.accessToken);
      expect(await verify(tokens.accessToken)).toEqual({ claims });
      expect(await verify(withParts(tokens.accessToken, { claims: { ...claims, roles: ['root'] } }))).toEqual({
        refused: 'InvalidSignatureError',
      });
    });
  }
});
