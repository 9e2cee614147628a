import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, GatehouseError, unwrap } from '@gatehouse/client';
import type { Client, ClientOptions, ClientStorage } from '@gatehouse/client';
import { Authenticator } from '../../../test/support/authenticator.js';
import { eventually } from '../../../test/support/eventually.js';
import { startTestApp } from '../../../test/support/test-app.js';
import type { TestApp } from '../../../test/support/test-app.js';
import { startLossyProxy } from './lossy-proxy.js';
import type { LossyProxy } from './lossy-proxy.js';

const PASSWORD = 'seven quiet otters juggling';
const busy = (seconds: number) => ({
  status: 503,
  headers: { 'retry-after': String(seconds), 'content-type': 'application/problem+json' },
  body: JSON.stringify({ code: 'unavailable', status: 503, detail: 'Later.' }),
});
/** Kept like a file: it outlives a client. */
const storage = (): ClientStorage & { readonly items: Map<string, string> } => {
  const items = new Map<string, string>();
  return { items, getItem: (name) => Promise.resolve(items.get(name) ?? null), setItem: (n, v) => items.set(n, v) };
};
const failure = async (work: Promise<unknown>): Promise<GatehouseError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GatehouseError)) throw new Error(`no GatehouseError but ${String(error)}`);
  return error;
};

describe('the client in Node, against the service', () => {
  let service: TestApp;
  let proxy: LossyProxy;
  let users = 0;
  const clients: Client[] = [];

  beforeAll(async () => {
    service = await startTestApp();
    proxy = await startLossyProxy(service.api.url);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    proxy.decide();
    proxy.exchanges.length = 0;
  });
  afterAll(async () => {
    await proxy.close();
    await service.close();
  });

  const open = (options: Partial<ClientOptions> = {}): Client => {
    const client = createClient({ url: proxy.url, mode: 'body', ...options });
    clients.push(client);
    return client;
  };
  const newUser = async (): Promise<string> => {
    const email = `client${++users}@example.com`;
    await open().register({ email, password: PASSWORD });
    return email;
  };
  const signedIn = async (options: Partial<ClientOptions> = {}): Promise<Client> => {
    const client = open(options);
    await client.signIn({ email: await newUser(), password: PASSWORD });
    return client;
  };
  const refreshes = (): number => proxy.to('/api/refresh').length;
  const expire = (): void => {
    service.clock.advance(16 * 60);
  };

  it('registers, signs in, calls, signs out, and tells of each change once', async () => {
    const client = open();
    expect(await client.session.ready).toEqual({ status: 'signedOut', reason: undefined });
    const states: string[] = [];
    client.session.subscribe(({ status }) => states.push(status));
    const email = await newUser();
    const result = await client.signIn({ email, password: PASSWORD, deviceName: 'a test' });
    expect(result).toEqual({ status: 'signedIn', sessionId: expect.any(String) as string });
    const me = await unwrap(client.api.GET('/api/me'));
    expect(me.email).toBe(email);
    await client.refresh();
    const sessions = await unwrap(client.api.GET('/api/me/sessions'));
    expect(sessions.items.map(({ current, deviceName }) => [current, deviceName])).toEqual([[true, 'a test']]);
    const token = await client.accessToken();
    await client.signOut();
    expect(client.session.state).toEqual({ status: 'signedOut', reason: 'signed_out' });
    expect(states).toEqual(['signedIn', 'signedOut']);
    expect((await service.api.get('/api/me', token)).body.code).toBe('token_revoked');
    expect(await client.accessToken()).toBeUndefined();
  });

  it('says what is wrong by a code, with the fields, the wait and the id of the request', async () => {
    const client = open();
    const invalid = await failure(client.signIn({ email: 'nobody', password: PASSWORD }));
    expect(invalid).toMatchObject({ code: 'validation_failed', status: 400 });
    expect(invalid.errors.map(({ field }) => field)).toEqual(['email']);
    const email = await newUser();
    const wrong = await failure(client.signIn({ email, password: 'eight noisy badgers resting' }));
    expect(wrong).toMatchObject({ code: 'invalid_credentials', status: 401, name: 'GatehouseError' });
    expect(wrong.requestId).toMatch(/^[\w.-]{8,64}$/);
    const weak = await failure(client.register({ email: 'weak@example.com', password: 'short' }));
    expect([weak.code, weak.problem.reason]).toEqual(['password_weak', 'too_short']);
    const missing = await failure(unwrap(client.api.GET('/api/me')));
    expect(missing.code).toBe('token_missing');
    proxy.decide(() => busy(60));
    expect(await failure(client.signIn({ email, password: PASSWORD }))).toMatchObject({
      code: 'unavailable',
      status: 503,
      retryAfterSeconds: 60,
    });
  });

  it('asks for the second factor and goes on with a code', async () => {
    const client = await signedIn();
    const { email } = await unwrap(client.api.GET('/api/me'));
    const { secret } = await unwrap(client.api.POST('/api/me/totp', { body: { password: PASSWORD } }));
    const app = new Authenticator(secret, service.clock);
    await unwrap(client.api.POST('/api/me/totp/confirm', { body: { code: app.code() } }));
    await client.signOut();

    const asked = await client.signIn({ email, password: PASSWORD });
    if (asked.status !== 'mfaRequired') throw new Error('no second factor was asked for');
    expect(asked.methods).toContain('totp');
    expect(client.session.state.status).toBe('signedOut');
    const { mfaToken } = asked;
    expect((await failure(client.confirmSignIn({ mfaToken, code: app.wrongCode() }))).code).toBe('mfa_invalid');
    await client.confirmSignIn({ mfaToken, code: app.nextCode() });
    expect((await unwrap(client.api.GET('/api/me'))).mfaEnabled).toBe(true);
  });

  it('refreshes once for however many calls an expired token is refused, and repeats each once', async () => {
    const client = await signedIn();
    expire();
    const answers = await Promise.all(Array.from({ length: 12 }, () => client.api.GET('/api/me')));
    expect(answers.map(({ response }) => response.status)).toEqual(Array(12).fill(200));
    expect(refreshes()).toBe(1);
    const body = { name: 'Ada' };
    expire();
    const renamed = await unwrap(client.api.PATCH('/api/me', { body }));
    expect(renamed.name).toBe('Ada');
    expect(proxy.to('/api/me').filter(({ method }) => method === 'PATCH').length).toBe(2);
    expect(proxy.to('/api/me').at(-1)?.body).toBe(JSON.stringify(body));
  });

  it('repeats no more than once, and hands on what is refused then', async () => {
    const client = await signedIn();
    const stale = { ...busy(0), status: 401, body: JSON.stringify({ code: 'token_stale' }) };
    proxy.decide(({ path }) => (path === '/api/me' ? stale : 'passes'));
    expect((await failure(unwrap(client.api.GET('/api/me')))).code).toBe('token_stale');
    expect([proxy.to('/api/me').length, refreshes()]).toEqual([2, 1]);
  });

  it('refreshes after its rights have changed', async () => {
    const client = await signedIn();
    const { id } = await unwrap(client.api.GET('/api/me'));
    const admin = await service.api.signIn({
      email: 'admin@example.com',
      password: 'violet harbour thirty lanterns',
    });
    const changed = await service.api.send('PATCH', `/api/admin/users/${id}`, {
      token: admin.accessToken,
      json: { roles: ['editor'] },
    });
    expect(changed.status).toBe(200);
    expect((await unwrap(client.api.GET('/api/me'))).roles).toEqual(['editor']);
    expect(refreshes()).toBe(1);
  });

  it('is not signed out by a lost answer, however late it comes back', async () => {
    const kept = storage();
    const client = await signedIn({ storage: kept });
    proxy.decide(({ path }) => (path === '/api/refresh' ? 'lost' : 'passes'));
    const [error] = await Promise.all([failure(client.refresh()), failure(client.refresh())]);
    expect(error).toMatchObject({ code: 'unreachable', status: 0 });
    const keys = proxy.to('/api/refresh').map(({ headers }) => headers['idempotency-key']);
    expect(keys.length).toBe(4);
    expect(new Set(keys).size).toBe(1);
    expect(client.session.state.status).toBe('signedIn');
    client.close();

    // Another process, long after the grace.
    service.clock.advance(3600);
    proxy.decide();
    const later = open({ storage: kept });
    expect((await unwrap(later.api.GET('/api/me'))).email).toContain('client');
    expect(proxy.to('/api/refresh').at(-1)?.headers['idempotency-key']).toBe(keys[0]);
    await later.refresh();
    expect(proxy.to('/api/refresh').at(-1)?.headers['idempotency-key']).not.toBe(keys[0]);
    expect(later.session.state.status).toBe('signedIn');
  });

  it('has written the key down by the time that the service is asked', async () => {
    const kept = storage();
    const client = await signedIn({ storage: kept });
    const written: boolean[] = [];
    proxy.decide(({ path, headers }) => {
      const key = headers['idempotency-key'];
      if (path === '/api/refresh')
        written.push([...kept.items.values()].some((text) => text.includes(`"${String(key)}"`)));
      return 'passes';
    });
    await client.refresh();
    expect(written).toEqual([true]);
    expect([...kept.items.values()].join()).not.toContain('"key"');
  });

  it.each(['lost', 'cut'] as const)('goes on by itself after an answer that was %s', async (fate) => {
    const client = await signedIn();
    let left = 2;
    proxy.decide(({ path }) => (path === '/api/refresh' && left-- > 0 ? fate : 'passes'));
    await client.refresh();
    expect(refreshes()).toBe(3);
    expect((await unwrap(client.api.GET('/api/me'))).email).toContain('client');
  });

  it('waits as long as Retry-After says before it asks again, and no longer than it may', async () => {
    const client = await signedIn();
    let left = 1;
    proxy.decide(({ path }) => (path === '/api/refresh' && left-- > 0 ? busy(1) : 'passes'));
    await client.refresh();
    const [first, second] = proxy.to('/api/refresh').map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1000);
    proxy.decide(({ path }) => (path === '/api/refresh' ? busy(120) : 'passes'));
    expect(await failure(client.refresh())).toMatchObject({ code: 'unavailable', retryAfterSeconds: 120 });
    expect(refreshes()).toBe(3);
    expect(client.session.state.status).toBe('signedIn');
  });

  it('has what only reads wait out a 503, and leaves what writes to the caller', async () => {
    const client = await signedIn();
    let left = 1;
    proxy.decide(() => (left-- > 0 ? busy(1) : 'passes'));
    expect((await unwrap(client.api.GET('/api/me'))).email).toContain('client');
    left = 1;
    expect((await failure(unwrap(client.api.PATCH('/api/me', { body: { name: 'A' } })))).retryAfterSeconds).toBe(1);
  });

  it('takes a page that stands in for the service for no answer, and for nothing more', async () => {
    const client = await signedIn();
    for (const status of [200, 302, 401, 403, 404, 502]) {
      const headers = { 'content-type': 'text/html', ...(status === 302 && { location: 'http://127.0.0.1:1/' }) };
      proxy.decide(({ path }) =>
        path === '/api/refresh' ? { status, headers, body: '<p>Sign in to the Wi-Fi' } : 'passes',
      );
      expect(['unreachable', 'unexpected_answer']).toContain((await failure(client.refresh())).code);
      expect(client.session.state.status).toBe('signedIn');
    }
    proxy.decide();
    await client.refresh();
  }, 60_000);

  it('leaves a refresh when its caller aborts, and the others get its answer', async () => {
    const client = await signedIn();
    let arrive: () => void = () => undefined;
    proxy.decide(({ path }) =>
      path === '/api/refresh' ? new Promise<void>((resolve) => (arrive = resolve)) : 'passes',
    );
    const controller = new AbortController();
    const [left, stayed] = [client.refresh({ signal: controller.signal }), client.refresh()];
    await eventually(() => {
      expect(refreshes()).toBe(1);
    });
    controller.abort(new Error('navigated away'));
    await expect(left).rejects.toThrow('navigated away');
    arrive();
    await stayed;
    expect(refreshes()).toBe(1);
  });

  it('aborts a sign-in and a call', async () => {
    const client = await signedIn();
    proxy.decide(() => new Promise(() => undefined));
    const signal = AbortSignal.timeout(50);
    await expect(client.api.GET('/api/me', { signal })).rejects.toMatchObject({ name: 'TimeoutError' });
    const signIn = client.signIn({ email: 'a@example.com', password: PASSWORD }, { signal: AbortSignal.timeout(50) });
    await expect(signIn).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(client.session.state.status).toBe('signedIn');
  });

  it('gives up on a service that never answers', async () => {
    const client = open({ timeoutSeconds: 0.1 });
    proxy.decide(() => new Promise(() => undefined));
    const error = await failure(client.signIn({ email: 'a@example.com', password: PASSWORD }));
    expect(error.code).toBe('unreachable');
  });

  it('refreshes ahead of the expiry', async () => {
    const quick = await startTestApp({ env: { JWT_EXPIRE: '2s' } });
    try {
      const client = open({ url: quick.api.url });
      await quick.api.post('/api/register', { email: 'quick@example.com', password: PASSWORD });
      await client.signIn({ email: 'quick@example.com', password: PASSWORD });
      const first = await client.accessToken();
      await eventually(async () => {
        const [session] = await quick.sql<{ generation: number }>('SELECT generation FROM sessions');
        expect(session?.generation).toBe(2);
      });
      expect(await client.accessToken()).not.toBe(first);
    } finally {
      await quick.close();
    }
  });

  it('learns of the end of its session, says why, and forgets it', async () => {
    const kept = storage();
    const client = await signedIn({ storage: kept });
    const other = open();
    const { email } = await unwrap(client.api.GET('/api/me'));
    await other.signIn({ email, password: PASSWORD });
    await unwrap(other.api.DELETE('/api/me/sessions'));
    expect((await failure(unwrap(client.api.GET('/api/me')))).code).toBe('token_revoked');
    expect(client.session.state).toEqual({ status: 'signedOut', reason: 'token_revoked' });

    const again = await signedIn({ storage: kept });
    await again.signOutEverywhere();
    expect(again.session.state).toEqual({ status: 'signedOut', reason: 'signed_out' });
    expect([...kept.items.values()].join()).not.toMatch(/rt_/);
    expect((await failure(again.refresh())).code).toBe('signed_out');
  });

  it.each(['refresh_expired', 'session_revoked'])('is signed out by %s at a refresh', async (code) => {
    const client = await signedIn();
    if (code === 'refresh_expired') service.clock.advance(8 * 24 * 3600);
    else await service.sql('UPDATE sessions SET revoked_at = now() WHERE revoked_at IS NULL');
    expect((await failure(client.refresh())).code).toBe(code);
    expect(client.session.state).toEqual({ status: 'signedOut', reason: code });
  });

  it('signs out though the service is away, and tells it on the next start', async () => {
    const kept = storage();
    const client = await signedIn({ storage: kept });
    const token = await client.accessToken();
    proxy.decide(({ path }) => (path === '/api/logout' ? { status: 502, headers: {}, body: '' } : 'passes'));
    const leaving = failure(client.signOut());
    expect(client.session.state.status).toBe('signedOut');
    expect((await leaving).status).toBe(502);
    expect((await service.api.get('/api/me', token)).status).toBe(200);
    client.close();

    proxy.decide();
    const next = open({ storage: kept });
    expect((await next.session.ready).status).toBe('signedOut');
    await eventually(async () => {
      expect((await service.api.get('/api/me', token)).body.code).toBe('token_revoked');
    });
    await eventually(() => {
      expect([...kept.items.values()].join()).not.toMatch(/rt_/);
    });
  });

  it('sends the device token of an earlier sign-in along', async () => {
    const kept = storage();
    const client = await signedIn({ storage: kept });
    const { email } = await unwrap(client.api.GET('/api/me'));
    await client.signOut();
    await client.signIn({ email, password: PASSWORD });
    const [first, second] = proxy
      .to('/api/login')
      .map(({ body }) => (JSON.parse(body) as { deviceToken?: string }).deviceToken);
    expect(first).toBeUndefined();
    expect(second).toEqual(expect.any(String));
  });

  describe('with the APIs of others', () => {
    let server: Server;
    let origin: string;
    const shown: (string | undefined)[] = [];
    let elsewhere: string | undefined;
    let answer: { status: number; headers: Record<string, string> };

    beforeAll(async () => {
      server = createServer((request, response) => {
        shown.push(request.headers.authorization);
        if (request.url === '/away') response.writeHead(307, { location: elsewhere }).end();
        else response.writeHead(answer.status, answer.headers).end('{}');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      elsewhere = origin.replace('127.0.0.1', 'localhost');
    });
    afterAll(() => {
      server.closeAllConnections();
      server.close();
    });
    beforeEach(() => {
      shown.length = 0;
      answer = { status: 200, headers: {} };
    });

    it('shows the access token to those it was told of, and to nobody else', async () => {
      const client = await signedIn({ origins: [origin] });
      const token = await client.accessToken();
      expect((await client.fetch(`${origin}/things`)).status).toBe(200);
      expect(shown).toEqual([`Bearer ${String(token)}`]);
      const stranger = await signedIn();
      for (const url of [`${origin}/things`, origin.replace('http:', 'https:'), `${String(elsewhere)}/`]) {
        expect((await failure(stranger.fetch(url))).code).toBe('origin_refused');
      }
      const api = stranger.api.GET('/api/me', { baseUrl: origin });
      expect((await failure(api)).code).toBe('origin_refused');
      expect(shown.length).toBe(1);
    });

    it('does not take the token along where they redirect elsewhere', async () => {
      const client = await signedIn({ origins: [origin] });
      await client.fetch(`${origin}/away`);
      expect(shown.map((header) => header !== undefined)).toEqual([true, false]);
    });

    it('refreshes where they only say that the token is no good (RFC 6750), once', async () => {
      const client = await signedIn({ origins: [origin] });
      answer = { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } };
      expect((await client.fetch(origin, { method: 'POST', body: 'text' })).status).toBe(401);
      expect([shown.length, refreshes()]).toEqual([2, 1]);
      expect(new Set(shown).size).toBe(2);
      answer = { status: 401, headers: {} };
      await client.fetch(origin);
      expect([shown.length, refreshes()]).toEqual([3, 1]);
    });
  });
});
