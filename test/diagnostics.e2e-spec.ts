import { Logger } from '@nestjs/common';
import type { Answer } from './support/api.js';
import { createTestDatabase } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { rawRequest } from './support/raw-http.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const HOUR = 60 * 60;
const NOT_NAMED = /^.* came from 127\.0\.0\.1, which TRUST_PROXY does not name/;
const GOES_ON = /^X-Forwarded-For goes on to the left/;
const INTERNAL = /^The address that follows is of an internal network/;
const NO_ADDRESS = /^An entry of X-Forwarded-For .* is no address/;
const MISSING = /^No X-Forwarded-For came from 127\.0\.0\.1, which TRUST_PROXY trusts/;
const UNREAD = /^.* came from 127\.0\.0\.1, which TRUST_PROXY trusts, without X-Forwarded-For/;
const SHORT = /^X-Forwarded-For from 127\.0\.0\.1 has fewer addresses than TRUST_PROXY has hops/;

interface ClientIp {
  readonly socketAddress: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly trustProxy: { readonly kind: string; readonly hops: number | null; readonly addresses: string[] };
  readonly chain: readonly { value: string; address: string | null; trusted: boolean }[];
  readonly clientAddress: string;
  readonly warnings: readonly string[];
}
type Headers = Readonly<Record<string, string>>;

let database: TestDatabase;
let service: TestApp;
let lines: string[];

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => {
  lines = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => {
    lines.push(String(line));
  });
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => database.drop());

/** For the tests of a `describe`: a service that trusts so. */
const trusting = (env: Headers): void => {
  beforeAll(async () => {
    service = await startTestApp({ env: { ...env, JWT_SECRET, REFRESH_SECRET }, database });
  });
  afterAll(() => service.close());
};
// One database: its keys are wrapped with these.
const JWT_SECRET = 'Yd3kP0uXqv7mJt1cZs9RwLhB5nGfAe2oKi8TxVj6HbM';
const REFRESH_SECRET = 'q9Zr4WmE1yTnC6bVx8JsLd0Kf3UgHa7PoIe5RtYw2Xc';

const ask = async (headers: Headers): Promise<Answer<ClientIp>> => {
  const { accessToken } = await service.api.signIn(ADMIN);
  return service.api.send<ClientIp>('GET', '/api/admin/diagnostics/client-ip', { token: accessToken, headers });
};
/** What was read, from the socket on: an address, with + where it is trusted. */
const chainOf = ({ body }: Answer<ClientIp>): string[] =>
  body.chain.map(({ value, address, trusted }) => `${address ?? `(${value})`}${trusted ? '+' : ''}`);

/** What is logged of these requests, as if nothing had been for an hour. */
const told = async (requests: () => Promise<unknown>): Promise<string[]> => {
  service.clock.advance(HOUR);
  lines = [];
  await requests();
  return lines;
};
const get = (headers: Headers, path = '/.well-known/jwks.json'): Promise<Answer> =>
  service.api.send('GET', path, { headers });

describe('where no proxy is trusted', () => {
  trusting({});

  it('shows an admin which headers came, and that none is believed', async () => {
    const answer = await ask({
      'X-Forwarded-For': '203.0.113.9',
      'X-Real-IP': '203.0.113.8',
      Forwarded: 'for=203.0.113.7',
      'CF-Connecting-IP': '203.0.113.6',
      Via: '1.1 proxy',
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      socketAddress: '127.0.0.1',
      trustProxy: { kind: 'none', hops: null, addresses: [] },
      clientAddress: '127.0.0.1',
      warnings: [expect.stringMatching(NOT_NAMED)],
    });
    expect(answer.body.headers).toEqual([
      { name: 'X-Forwarded-For', value: '203.0.113.9' },
      { name: 'Forwarded', value: 'for=203.0.113.7' },
      { name: 'X-Real-IP', value: '203.0.113.8' },
      { name: 'CF-Connecting-IP', value: '203.0.113.6' },
      { name: 'Via', value: '1.1 proxy' },
    ]);
    expect(chainOf(answer)).toEqual(['127.0.0.1']);
  });

  it('has nothing to say of a request without such headers', async () => {
    const answer = await ask({});
    expect([answer.body.headers, answer.body.warnings]).toEqual([[], []]);
    expect(await told(() => get({}))).toEqual([]);
  });

  it('shows neither credentials nor cookies, and no more of a header than its beginning', async () => {
    const answer = await ask({ cookie: '__Host-refresh=canary', 'X-Forwarded-For': '9'.repeat(4_000) });
    expect(answer.text).not.toMatch(/canary|Bearer|authorization|cookie/i);
    expect(answer.body.headers).toEqual([{ name: 'X-Forwarded-For', value: '9'.repeat(512) }]);
  });

  it.each(['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'True-Client-IP', 'X-Client-IP', 'X-Forwarded-Proto'])(
    'warns of %s, which is ignored',
    async (name) => {
      const warned = await told(() => get({ [name]: 'canary' }));
      expect(warned).toEqual([expect.stringMatching(NOT_NAMED)]);
      expect(warned[0]).toContain(`${name} came`);
    },
  );

  it('warns once of a flood, quoting nothing of it, and again after an hour with its size', async () => {
    const flood = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          rawRequest(service.api.url, `GET /nowhere${at}?canary`, [
            `X-Forwarded-For: canary${at}`,
            `X-Forwarded-For: \u009bcanary`,
            `User-Agent: canary${at}`,
          ]),
        ),
      );
    const first = await told(flood);
    expect(first).toEqual([expect.stringMatching(NOT_NAMED)]);
    service.clock.advance(HOUR - 60);
    await flood();
    expect(first).toHaveLength(1);
    service.clock.advance(60);
    await flood();
    expect(first).toHaveLength(2);
    expect(first[1]).toMatch(/ \(99 more since this was last told\)$/);
    expect(first.join()).not.toMatch(/canary|nowhere/);
  });
});

describe('where one hop is trusted', () => {
  trusting({ TRUST_PROXY: '1', PUBLIC_URL: 'https://auth.example.com' });

  it('shows an admin that the last entry is believed, and what stands before it is not', async () => {
    const answer = await ask({ 'X-Forwarded-For': '203.0.113.1, 198.51.100.9' });
    expect(answer.body).toMatchObject({
      trustProxy: { kind: 'hops', hops: 1, addresses: [] },
      clientAddress: '198.51.100.9',
      warnings: [expect.stringMatching(GOES_ON)],
    });
    expect(chainOf(answer)).toEqual(['127.0.0.1+', '198.51.100.9']);
  });

  it('shows the very address that a session is recorded with', async () => {
    const headers = { 'X-Forwarded-For': '[2001:DB8::7]:4711' };
    expect((await ask(headers)).body.clientAddress).toBe('2001:db8::7');
    const { body } = await service.api.send<{ sessionId: string }>('POST', '/api/login', { json: ADMIN, headers });
    const [row] = await service.sql<{ ip: string }>('SELECT host(ip) AS ip FROM sessions WHERE id = $1', [
      body.sessionId,
    ]);
    expect(row?.ip).toBe('2001:db8::7');
  });

  it('tells an admin that an internal address may be that of a proxy', async () => {
    for (const internal of ['10.0.0.2', '192.168.1.1', 'fd00::1', '::ffff:172.16.0.1']) {
      const { warnings } = (await ask({ 'X-Forwarded-For': internal })).body;
      expect(warnings).toEqual([expect.stringMatching(INTERNAL)]);
    }
  });

  it('has nothing to say where all is as configured', async () => {
    expect((await ask({ 'X-Forwarded-For': '198.51.100.9', 'X-Forwarded-Proto': 'https' })).body.warnings).toEqual([]);
    expect(await told(() => get({ 'X-Forwarded-For': '198.51.100.9', 'X-Forwarded-Proto': 'https' }))).toEqual([]);
  });

  it('warns of a request that was not forwarded, and not of a health probe', async () => {
    expect(await told(() => get({}, '/health/live').then(() => get({}, '/health/ready')))).toEqual([]);
    expect(await told(() => Promise.all([get({}), get({}), get({}, '/health')]))).toEqual([
      expect.stringMatching(MISSING),
    ]);
  });

  it.each(['Forwarded', 'X-Real-IP', 'CF-Connecting-IP'])(
    'warns where %s came and X-Forwarded-For did not',
    async (name) => {
      const warned = await told(() => get({ [name]: '198.51.100.9' }));
      expect(warned).toEqual([expect.stringMatching(UNREAD)]);
      expect(warned[0]).toContain(`${name} came`);
      expect(warned[0]).not.toContain('198.51.100.9');
    },
  );

  it('takes an X-Forwarded-For without an entry for none', async () => {
    for (const empty of ['', ' ', ',', ' , ,']) {
      expect(await told(() => get({ 'X-Forwarded-For': empty }))).toEqual([expect.stringMatching(MISSING)]);
    }
  });

  it('warns of each kind by itself', async () => {
    const warned = await told(async () => {
      await get({});
      await get({ Forwarded: 'for=198.51.100.9' });
      await get({});
    });
    expect(warned).toEqual([expect.stringMatching(MISSING), expect.stringMatching(UNREAD)]);
  });
});

describe('where two hops are trusted', () => {
  trusting({ TRUST_PROXY: '2' });

  it('shows an admin that the last but one is believed', async () => {
    const answer = await ask({ 'X-Forwarded-For': '198.51.100.9, 10.0.0.2' });
    expect(answer.body).toMatchObject({ clientAddress: '198.51.100.9', warnings: [] });
    expect(chainOf(answer)).toEqual(['127.0.0.1+', '10.0.0.2+', '198.51.100.9']);
  });

  it('says where there are fewer entries than hops: a client would choose its own', async () => {
    const answer = await ask({ 'X-Forwarded-For': '198.51.100.9' });
    expect(answer.body).toMatchObject({ clientAddress: '198.51.100.9', warnings: [expect.stringMatching(SHORT)] });
    const warned = await told(() => Promise.all([1, 2, 3].map(() => get({ 'X-Forwarded-For': '198.51.100.9' }))));
    expect(warned).toEqual([expect.stringMatching(SHORT)]);
    expect(warned[0]).not.toContain('198.51.100.9');
    expect(await told(() => get({ 'X-Forwarded-For': '198.51.100.9, 10.0.0.2' }))).toEqual([]);
  });
});

describe('where addresses are trusted', () => {
  trusting({ TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8' });

  it('shows an admin the way from the right to the first that is not among them', async () => {
    const answer = await ask({ 'X-Forwarded-For': '203.0.113.6, 198.51.100.9, 10.2.3.4:8080' });
    expect(answer.body).toMatchObject({
      trustProxy: { kind: 'addresses', hops: null, addresses: ['127.0.0.0/8', '10.0.0.0/8'] },
      clientAddress: '198.51.100.9',
      warnings: [expect.stringMatching(GOES_ON)],
    });
    expect(chainOf(answer)).toEqual(['127.0.0.1+', '10.2.3.4+', '198.51.100.9']);
  });

  it('says where an entry is no address, and that the one to its right counts', async () => {
    const answer = await ask({ 'X-Forwarded-For': `${'_hidden'.repeat(20)}, 10.2.3.4` });
    expect(answer.body.clientAddress).toBe('10.2.3.4');
    expect(answer.body.warnings).toEqual([expect.stringMatching(NO_ADDRESS), expect.stringMatching(INTERNAL)]);
    expect(chainOf(answer)).toEqual(['127.0.0.1+', '10.2.3.4+', `(${'_hidden'.repeat(20).slice(0, 64)})`]);
  });

  it('shows a bounded part of a way that trusted addresses make long', async () => {
    const answer = await ask({ 'X-Forwarded-For': Array.from({ length: 500 }, () => '10.1.1.1').join(',') });
    expect([answer.status, answer.body.chain.length]).toEqual([200, 32]);
  });

  it('warns of a request that was not forwarded', async () => {
    expect(await told(() => get({}))).toEqual([expect.stringMatching(MISSING)]);
    expect(await told(() => get({ 'X-Forwarded-For': '198.51.100.9' }))).toEqual([]);
  });
});

describe('where others than the peer are trusted', () => {
  trusting({ TRUST_PROXY: '10.0.0.0/8' });

  it('believes nothing, and warns of headers alone', async () => {
    const answer = await ask({ 'X-Forwarded-For': '198.51.100.9, 10.0.0.1' });
    expect(answer.body).toMatchObject({
      clientAddress: '127.0.0.1',
      warnings: [expect.stringMatching(NOT_NAMED)],
    });
    expect(chainOf(answer)).toEqual(['127.0.0.1']);
    expect(await told(() => get({}))).toEqual([]);
    expect(await told(() => get({ 'X-Forwarded-For': '10.0.0.1' }))).toEqual([expect.stringMatching(NOT_NAMED)]);
  });
});

describe('behind https without a word of the proxy', () => {
  trusting({ PUBLIC_URL: 'https://auth.example.com' });

  it('tells an admin who asks', async () => {
    expect((await ask({})).body.warnings).toEqual([expect.stringMatching(/^PUBLIC_URL is https.*Set TRUST_PROXY/)]);
  });
});
