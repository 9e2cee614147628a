import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Answer } from '../support/api.js';
import { PASSWORD, behindProxy, outcomeOf, proxiedFleet } from '../support/behind-proxy.js';
import { PROXIES } from '../support/proxied-fleet.js';

jest.setTimeout(60_000);

const fleet = proxiedFleet();

/** The proxy hands each request to the next instance, so that no step of what follows has that of the one before. */
describe.each(PROXIES)('three instances that take turns behind %s', (name) => {
  const service = behindProxy(name, fleet);

  it('go on with one another’s cursors', async () => {
    const { email, tokens } = await service.freshUser();
    for (let each = 0; each < 5; each += 1) await service.api.signIn({ email, password: PASSWORD });
    interface Page {
      readonly items: readonly { readonly id: string }[];
      readonly nextCursor: string | null;
    }
    const all = await service.api.get<Page>('/api/me/sessions?limit=100', tokens.accessToken);
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Answer<Page> = await service.api.get<Page>(`/api/me/sessions?limit=1${query}`, tokens.accessToken);
      expect(page.status).toBe(200);
      found.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.nextCursor;
    }
    expect(found).toEqual(all.body.items.map(({ id }) => id));
    expect(found).toHaveLength(6);
  });

  it('obey an admin alike: roles, bulk revocation, a disabled user', async () => {
    const { email, tokens } = await service.freshUser();
    const userId = decodeJwt(tokens.accessToken).sub ?? '';
    const change = (json: object): Promise<Answer> =>
      service.api.send('PATCH', `/api/admin/users/${userId}`, { json, token: service.admin });
    expect((await change({ roles: ['editor'] })).status).toBe(200);
    await service.eventuallyAll(tokens.accessToken, 'token_stale');
    const refreshed = (await service.api.refresh(tokens.refreshToken)).body;
    expect(await service.verdicts(refreshed.accessToken)).toEqual(['granted', 'granted', 'granted']);
    const others = [
      await service.api.signIn({ email, password: PASSWORD }),
      await service.api.signIn({ email, password: PASSWORD }),
    ];
    const matching = { userId, reason: 'a test' };
    const dry = await service.api.post('/api/admin/sessions/revoke', { ...matching, dryRun: true }, service.admin);
    expect(dry.body).toMatchObject({ matched: 3, revoked: 0 });
    const revoked = await service.api.post('/api/admin/sessions/revoke', { ...matching, expected: 3 }, service.admin);
    expect(revoked.body).toMatchObject({ matched: 3, revoked: 3 });
    for (const { accessToken } of [refreshed, ...others]) await service.eventuallyAll(accessToken, 'token_revoked');
    const last = await service.api.signIn({ email, password: PASSWORD });
    expect((await change({ disabled: true })).status).toBe(200);
    await service.eventuallyAll(last.accessToken, 'token_revoked');
    for (let each = 0; each < 3; each += 1)
      expect(outcomeOf(await service.login({ email, password: PASSWORD }))).toBe('account_disabled');
  });

  it('sign with one key after a rotation on one of them, and refuse what the old one signed', async () => {
    const { tokens } = await service.freshUser();
    const rotated = await service.api.post<{ kid: string }>(
      '/api/admin/keys/rotate',
      { emergency: true },
      service.admin,
    );
    expect(rotated.status).toBe(201);
    await service.eventuallyAll(tokens.accessToken, 'token_stale');
    await service.signInAdmin();
    const refreshed: string[] = [];
    let { refreshToken } = tokens;
    for (let each = 0; each < 3; each += 1) {
      const { body } = await service.api.refresh(refreshToken);
      refreshed.push(body.accessToken);
      refreshToken = body.refreshToken;
    }
    expect(new Set(refreshed.map((token) => decodeProtectedHeader(token).kid)).size).toBe(1);
    for (const token of refreshed) expect(await service.verdicts(token)).toEqual(['granted', 'granted', 'granted']);
    const published = await Promise.all(
      fleet().members.map(async (member) => (await member.api.get('/.well-known/jwks.json')).text),
    );
    expect(new Set(published).size).toBe(1);
  });

  it('sign everyone out at once', async () => {
    const sessions = [(await service.freshUser()).tokens, (await service.freshUser()).tokens];
    const answer = await service.api.post(
      '/api/admin/sessions/revoke',
      { all: true, includeSelf: true, reason: 'a test' },
      service.admin,
    );
    expect(answer.status).toBe(200);
    for (const { accessToken } of [...sessions]) await service.eventuallyAll(accessToken, 'token_revoked');
    await service.eventuallyAll(service.admin, 'token_revoked');
    for (const { refreshToken } of sessions)
      expect(outcomeOf(await service.api.refresh(refreshToken))).toBe('session_revoked');
    await service.signInAdmin();
    const verified = await service.api.get('/api/admin/events/verify', service.admin);
    expect(verified.body).toMatchObject({ intact: true });
  });
});
