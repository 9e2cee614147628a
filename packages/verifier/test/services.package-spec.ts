import path from 'node:path';
import type { Problem, Tokens } from '../../../test/support/api.js';
import { buildServer, killServers, startServer } from '../../../test/support/built-server.js';
import { withParts } from '../../../test/support/crafted-token.js';
import { eventually } from '../../../test/support/eventually.js';
import { Fleet } from '../../../test/support/fleet.js';
import { Program } from '../../../test/support/program.js';
import { scratchFolder } from '../../../test/support/scratch.js';
import { proxyTo } from '../../../test/support/tcp-proxy.js';
import type { TcpProxy } from '../../../test/support/tcp-proxy.js';
import { ADMIN } from '../../../test/support/test-app.js';
import type { VerifierStatus } from '../src/status.js';

jest.setTimeout(120_000);

const WITHIN_MS = 1_000;
const script = (framework: string): string => path.join(__dirname, 'services', `${framework}-service.mjs`);

let gatehouse: Fleet;
let admin: Tokens;
let wire: TcpProxy;
let environment: Record<string, string>;
const running: Program[] = [];
let users = 0;

beforeAll(async () => {
  buildServer();
  gatehouse = await Fleet.start(2);
  admin = await gatehouse.at(0).api.signIn(ADMIN);
  const made = await gatehouse
    .at(0)
    .api.post<{ clientId: string; clientSecret: string }>('/api/admin/clients', { name: 'orders' }, admin.accessToken);
  wire = await proxyTo(gatehouse.at(1).api.url);
  environment = {
    ISSUER: gatehouse.env.PUBLIC_URL ?? '',
    BASE_URL: wire.url,
    CLIENT_ID: made.body.clientId,
    CLIENT_SECRET: made.body.clientSecret,
  };
});
afterAll(async () => {
  await Promise.all(running.map((program) => program.kill()));
  await wire.close();
  await killServers();
  await gatehouse.end();
});

async function start(framework: string, env: Record<string, string> = {}): Promise<Program> {
  const program = await Program.start(script(framework), { ...environment, ...env });
  running.push(program);
  return program;
}

const newUser = (): Promise<Tokens> => gatehouse.at(0).api.newUser(`user${(users += 1)}@example.com`);

const verdict = async ({ api }: Program, token: string, at = '/orders'): Promise<string> => {
  const { status, body } = await api.get<Problem | undefined>(at, token);
  return status === 200 ? 'granted' : (body?.code ?? String(status));
};

const statusOf = async ({ api }: Program): Promise<VerifierStatus> => (await api.get<VerifierStatus>('/status')).body;

/** @returns how long after that it was, in milliseconds */
async function becomes(service: Program, token: string, expected: string): Promise<number> {
  const since = performance.now();
  await eventually(async () => {
    expect(await verdict(service, token)).toBe(expected);
  });
  return performance.now() - since;
}

describe.each(['express', 'fastify', 'nest'])('a service of %s behind the verifier', (framework) => {
  let service: Program;

  beforeAll(async () => {
    service = await start(framework);
  });

  it('knows who calls', async () => {
    const { accessToken, sessionId } = await newUser();
    const { status, body } = await service.api.get('/orders', accessToken);
    expect([status, body.sessionId, body.roles]).toEqual([200, sessionId, []]);
    expect(await verdict(service, admin.accessToken, '/admin')).toBe('granted');
  });

  it('refuses as Gatehouse itself does, to the letter', async () => {
    const { accessToken } = await newUser();
    const other = gatehouse.at(0).api;
    const spoilt = withParts(accessToken, { claims: { sub: 'admin' } });
    const headers = { 'x-request-id': 'a-request-of-mine' };
    const asks = [{}, { token: spoilt }, { headers: { authorization: 'Basic YTpi' } }, { token: `${accessToken}=` }];
    for (const ask of asks) {
      const options = { ...ask, headers: { ...headers, ...('headers' in ask && ask.headers) } };
      const own = await other.send<Problem>('GET', '/api/protected', options);
      const answer = await service.api.send<Problem>('GET', '/orders', options);
      expect([answer.status, answer.body]).toEqual([own.status, own.body]);
      for (const name of ['content-type', 'www-authenticate', 'x-request-id', 'cache-control']) {
        expect([name, answer.headers.get(name)]).toEqual([name, own.headers.get(name)]);
      }
    }
  });

  it('asks for a role where that is taken', async () => {
    const { accessToken } = await newUser();
    const answer = await service.api.get<Problem>('/admin', accessToken);
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  it('knows of nobody on a route that nothing guards', async () => {
    expect((await service.api.get('/unguarded', admin.accessToken)).status).toBe(500);
  });

  it('refuses within a second what is revoked at Gatehouse', async () => {
    const tokens = await newUser();
    expect(await verdict(service, tokens.accessToken)).toBe('granted');
    expect((await gatehouse.at(0).api.post('/api/logout', {}, tokens.accessToken)).status).toBe(204);
    expect(await becomes(service, tokens.accessToken, 'token_revoked')).toBeLessThan(WITHIN_MS);
  });

  it('ends when it is asked to: the feed does not hold it', async () => {
    const own = await start(framework);
    const since = performance.now();
    await own.kill('SIGTERM');
    expect(performance.now() - since).toBeLessThan(3_000);
    expect(own.output).toContain('state closed');
  });
});

describe('a service behind the verifier', () => {
  let service: Program;

  beforeAll(async () => {
    service = await start('fastify', { MAX_STALENESS_SECONDS: '2' });
  });

  it('refuses one token alone where that alone is revoked', async () => {
    const tokens = await newUser();
    const { CLIENT_ID = '', CLIENT_SECRET = '' } = environment;
    await gatehouse.at(0).api.send('POST', '/oauth/revoke', {
      body: new URLSearchParams({ token: tokens.accessToken }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`,
      },
    });
    expect(await becomes(service, tokens.accessToken, 'token_revoked')).toBeLessThan(WITHIN_MS);
    const next = await gatehouse.at(0).api.refresh(tokens.refreshToken);
    expect(await verdict(service, next.body.accessToken)).toBe('granted');
  });

  it('has a user whose roles were changed refresh, and then knows the new ones', async () => {
    const tokens = await newUser();
    const { userId } = (await service.api.get<{ userId: string }>('/orders', tokens.accessToken)).body;
    const { api } = gatehouse.at(0);
    const changed = await api.send('PATCH', `/api/admin/users/${userId}`, {
      json: { roles: ['auditor'] },
      token: admin.accessToken,
    });
    expect(changed.status).toBe(200);
    expect(await becomes(service, tokens.accessToken, 'token_stale')).toBeLessThan(WITHIN_MS);
    const next = (await api.refresh(tokens.refreshToken)).body.accessToken;
    expect(await verdict(service, next, '/admin')).toBe('granted');
  });

  it('refuses a user who was disabled', async () => {
    const tokens = await newUser();
    const { userId } = (await service.api.get<{ userId: string }>('/orders', tokens.accessToken)).body;
    const json = { disabled: true };
    await gatehouse.at(0).api.send('PATCH', `/api/admin/users/${userId}`, { json, token: admin.accessToken });
    expect(await becomes(service, tokens.accessToken, 'token_revoked')).toBeLessThan(WITHIN_MS);
  });

  it('accepts none of a key that is retired in an emergency, and the tokens of its successor at once', async () => {
    const tokens = await newUser();
    expect(await verdict(service, tokens.accessToken)).toBe('granted');
    const { api } = gatehouse.at(0);
    const rotated = await api.post(
      '/api/admin/keys/rotate',
      { emergency: true, discardPending: true },
      admin.accessToken,
    );
    expect(rotated.status).toBe(201);
    const stale = becomes(service, tokens.accessToken, 'token_stale');
    const next = (await api.refresh(tokens.refreshToken)).body.accessToken;
    expect(await verdict(service, next)).toBe('granted');
    expect(await stale).toBeLessThan(WITHIN_MS);
    admin = (await api.refresh(admin.refreshToken)).body;
    // One that starts after that has never seen the key, but hears of it.
    const later = await start('fastify');
    expect(await verdict(later, tokens.accessToken)).toBe('token_stale');
    expect(await verdict(later, next)).toBe('granted');
  });

  it('refuses everyone when everyone is signed out, and those who come back are let in', async () => {
    const tokens = await newUser();
    const { api } = gatehouse.at(0);
    const json = { all: true, reason: 'a test' };
    expect((await api.post('/api/admin/sessions/revoke', json, admin.accessToken)).status).toBe(200);
    expect(await becomes(service, tokens.accessToken, 'token_revoked')).toBeLessThan(WITHIN_MS);
    expect(await verdict(service, admin.accessToken)).not.toBe('granted');
    admin = (await api.refresh(admin.refreshToken)).body;
    expect(await verdict(service, admin.accessToken)).toBe('granted');
  });

  it.each(['cut', 'freeze'] as const)(
    'closes its doors when the feed is gone (%s), and when it is back refuses what was revoked meanwhile',
    async (how) => {
      const [kept, ended] = [await newUser(), await newUser()];
      for (const { accessToken } of [kept, ended]) expect(await verdict(service, accessToken)).toBe('granted');
      const { connections } = await statusOf(service);
      const since = performance.now();
      await wire[how]();
      // Refused at Gatehouse, unknown here: at most for as long as was chosen.
      await gatehouse.at(0).api.post('/api/logout', {}, ended.accessToken);
      const tooOldAfterMs = await becomes(service, kept.accessToken, 'revocation_unknown');
      expect(tooOldAfterMs).toBeLessThan(2_000 + WITHIN_MS + 500);
      expect(performance.now() - since).toBeGreaterThan(1_000);
      expect(await verdict(service, ended.accessToken)).toBe('revocation_unknown');
      expect(await statusOf(service)).toMatchObject({ state: 'stale' });
      const refused = await service.api.get('/orders', kept.accessToken);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      await wire.mend();
      let first: string | undefined;
      await eventually(async () => {
        first = await verdict(service, ended.accessToken);
        expect(first).not.toBe('revocation_unknown');
      }, 15_000);
      // Never granted in between: current is only who has caught up.
      expect(first).toBe('token_revoked');
      expect(await verdict(service, kept.accessToken)).toBe('granted');
      expect((await statusOf(service)).connections).toBeGreaterThan(connections);
    },
  );

  it('lets nothing in by what it knew before it was stopped for long', async () => {
    const tokens = await newUser();
    expect(await verdict(service, tokens.accessToken)).toBe('granted');
    await service.kill('SIGSTOP');
    await gatehouse.at(0).api.post('/api/logout', {}, tokens.accessToken);
    // Longer than it may be silent, as another service measures it.
    const other = await start('fastify', { MAX_STALENESS_SECONDS: '2', BASE_URL: wire.url });
    await becomes(other, tokens.accessToken, 'token_revoked');
    await wire.cut();
    await eventually(async () => {
      expect(await statusOf(other)).toMatchObject({ state: 'stale' });
    });
    const asked = verdict(service, tokens.accessToken);
    await service.kill('SIGCONT');
    expect(['token_revoked', 'revocation_unknown']).toContain(await asked);
    await wire.mend();
    await eventually(async () => {
      expect(await verdict(service, tokens.accessToken)).toBe('token_revoked');
    }, 15_000);
  });

  it('follows an instance that is replaced: the stream ends, and goes on at the next one from where it was', async () => {
    const tokens = await newUser();
    expect(await verdict(service, tokens.accessToken)).toBe('granted');
    await gatehouse.at(1).stop();
    await gatehouse.at(0).api.post('/api/logout', {}, tokens.accessToken);
    const { port } = new URL(gatehouse.at(1).api.url);
    const next = await startServer(scratchFolder(), { ...gatehouse.env, HOST: '127.0.0.1', PORT: port });
    await next.listens();
    await eventually(async () => {
      expect(await verdict(service, tokens.accessToken)).toBe('token_revoked');
      expect(await verdict(service, admin.accessToken)).toBe('granted');
    }, 15_000);
  });
});
