import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Api, Answer } from './support/api.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

const basic = ({ clientId, clientSecret }: Client): string =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;

function form(api: Api, path: string, fields: Record<string, string>, authorization?: string): Promise<Answer> {
  return api.send('POST', path, {
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
  });
}

describe('what other services are told', () => {
  let service: TestApp;
  let admin: string;
  let client: Client;

  beforeAll(async () => {
    service = await startTestApp();
    admin = (await service.api.signIn(ADMIN)).accessToken;
    client = (await service.api.post<Client>('/api/admin/clients', { name: 'orders' }, admin)).body;
  });
  afterAll(() => service.close());

  it('publishes a key set by which jose verifies access tokens', async () => {
    const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', service.api.url));
    const { payload } = await jwtVerify(admin, jwks, {
      typ: 'at+jwt',
      issuer: service.config.tokens.issuer,
      audience: service.config.tokens.audience,
    });
    expect(payload.client_id).toBe('gatehouse');
  });

  it('publishes public keys alone, for ten minutes, the pending one among them', async () => {
    const answer = await service.api.get<{ keys: Record<string, unknown>[] }>('/.well-known/jwks.json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=600');
    expect(answer.body.keys).toHaveLength(2);
    for (const key of answer.body.keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    }
  });

  it('describes its endpoints, and offers no grant', async () => {
    const { body } = await service.api.get('/.well-known/oauth-authorization-server');
    expect(body).toMatchObject({ issuer: service.config.tokens.issuer, grant_types_supported: [] });
    expect(body).not.toHaveProperty('token_endpoint');
  });

  it('introspects a live access token, and says nothing of a revoked one but that it is inactive', async () => {
    const tokens = await service.api.signIn(ADMIN);
    const live = await form(service.api, '/oauth/introspect', { token: tokens.accessToken }, basic(client));
    expect(live.body).toMatchObject({ active: true, token_type: 'Bearer', sid: tokens.sessionId, roles: ['admin'] });
    expect(live.body.exp).toBe(decodeJwt(tokens.accessToken).exp);
    await service.api.send('POST', '/api/logout', { token: tokens.accessToken });
    const dead = await form(service.api, '/oauth/introspect', { token: tokens.accessToken }, basic(client));
    expect(dead.status).toBe(200);
    expect(dead.body).toEqual({ active: false });
  });

  it('introspects the current refresh token alone, without spending it', async () => {
    const first = await service.api.signIn(ADMIN);
    const second = (await service.api.refresh(first.refreshToken)).body;
    const spent = await form(service.api, '/oauth/introspect', { token: first.refreshToken }, basic(client));
    expect(spent.body).toEqual({ active: false });
    const current = await form(service.api, '/oauth/introspect', { token: second.refreshToken }, basic(client));
    expect(current.body).toMatchObject({ active: true, sid: first.sessionId });
    expect((await service.api.refresh(second.refreshToken)).status).toBe(200);
  });

  it('revokes one access token and leaves its session alone', async () => {
    const tokens = await service.api.signIn(ADMIN);
    expect((await form(service.api, '/oauth/revoke', { token: tokens.accessToken }, basic(client))).status).toBe(200);
    expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(401);
    expect((await service.api.refresh(tokens.refreshToken)).status).toBe(200);
  });

  it('revokes the session of a refresh token without client credentials', async () => {
    const tokens = await service.api.signIn(ADMIN);
    expect((await form(service.api, '/oauth/revoke', { token: tokens.refreshToken })).status).toBe(200);
    expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(401);
  });

  it('answers a revocation with 200 whatever the token', async () => {
    for (const token of ['rt_nonsense', 'a.b.c', 'x']) {
      expect((await form(service.api, '/oauth/revoke', { token }, basic(client))).status).toBe(200);
    }
  });

  it('refuses clients that are unknown, have a wrong secret or none, in the form of RFC 6749', async () => {
    const wrong = [
      undefined,
      basic({ ...client, clientSecret: 'cs_wrong' }),
      'Basic ####',
      basic({ clientId: 'x', clientSecret: 'y' }),
    ];
    for (const authorization of wrong) {
      const answer = await form(service.api, '/oauth/introspect', { token: 'x' }, authorization);
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ error: 'invalid_client' });
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="gatehouse"/);
    }
  });

  it('refuses a form without one token, and any body that is not a form', async () => {
    expect((await form(service.api, '/oauth/introspect', {}, basic(client))).body).toMatchObject({
      error: 'invalid_request',
    });
    const json = await service.api.send('POST', '/oauth/introspect', {
      json: { token: 'x' },
      headers: { authorization: basic(client) },
    });
    expect(json.status).toBe(415);
    const twice = await service.api.send('POST', '/oauth/introspect', {
      body: 'token=a&token=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: basic(client) },
    });
    expect(twice.body).toMatchObject({ error: 'invalid_request' });
  });

  it('takes no form on any other route', async () => {
    expect((await form(service.api, '/api/login', { email: ADMIN.email, password: ADMIN.password })).status).toBe(415);
  });

  it('shows the secret of a client once, lists clients without it, and refuses a deleted one', async () => {
    const made = (await service.api.post<Client>('/api/admin/clients', { name: 'short-lived' }, admin)).body;
    const list = await service.api.get<{ items: Record<string, unknown>[] }>('/api/admin/clients', admin);
    expect(list.body.items[0]).toEqual({
      clientId: made.clientId,
      name: 'short-lived',
      createdAt: expect.any(String) as string,
    });
    expect(list.text).not.toContain(made.clientSecret);
    expect((await service.api.delete(`/api/admin/clients/${made.clientId}`, admin)).status).toBe(204);
    expect((await form(service.api, '/oauth/introspect', { token: 'x' }, basic(made))).status).toBe(401);
  });
});
