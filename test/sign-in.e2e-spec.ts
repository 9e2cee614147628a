import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Problem } from './support/api.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

describe('signing in, using the token, refreshing and signing out', () => {
  let service: TestApp;

  beforeAll(async () => {
    service = await startTestApp();
  });
  afterAll(() => service.close());

  it('grants a guarded request with the token of a sign-in', async () => {
    const { accessToken } = await service.api.signIn(ADMIN);
    const answer = await service.api.get('/api/protected', accessToken);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      message: 'Access granted',
      user: { id: decodeJwt(accessToken).sub, roles: ['admin'] },
    });
  });

  it('issues access tokens in exactly the profile of the contract', async () => {
    const tokens = await service.api.signIn(ADMIN);
    expect(tokens).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, refreshExpiresIn: 604_800 });
    const header = decodeProtectedHeader(tokens.accessToken);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.stringMatching(/^[\w-]{43}$/) as string });
    const claims = decodeJwt(tokens.accessToken);
    expect(Object.keys(claims).sort()).toEqual(
      ['amr', 'aud', 'auth_time', 'client_id', 'era', 'exp', 'iat', 'iss', 'jti', 'roles', 'sid', 'sub', 'ver'].sort(),
    );
    expect(claims).toMatchObject({
      iss: 'http://127.0.0.1:3000',
      aud: 'http://127.0.0.1:3000',
      sid: tokens.sessionId,
      amr: ['pwd'],
      client_id: 'gatehouse',
      ver: 1,
      era: 1,
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(900);
  });

  it('chains refreshes: each answers with the next refresh token of the same session', async () => {
    let tokens = await service.api.signIn(ADMIN);
    const seen = new Set([tokens.refreshToken]);
    for (let step = 0; step < 5; step += 1) {
      const answer = await service.api.refresh(tokens.refreshToken);
      expect(answer.status).toBe(200);
      expect(answer.body.sessionId).toBe(tokens.sessionId);
      seen.add(answer.body.refreshToken);
      tokens = answer.body;
      expect((await service.api.get('/api/protected', tokens.accessToken)).status).toBe(200);
    }
    expect(seen.size).toBe(6);
  });

  it('refuses the access token on the very next request after a sign-out, and the refresh token too', async () => {
    const { accessToken, refreshToken } = await service.api.signIn(ADMIN);
    expect((await service.api.send('POST', '/api/logout', { token: accessToken })).status).toBe(204);
    const guarded = await service.api.get<Problem>('/api/protected', accessToken);
    expect(guarded.status).toBe(401);
    expect(guarded.body.code).toBe('token_revoked');
    const refreshed = await service.api.refresh(refreshToken);
    expect(refreshed.status).toBe(401);
    expect(refreshed.body.code).toBe('session_revoked');
  });
});
