import { connect as connectHttp2 } from 'node:http2';
import { readFileSync } from 'node:fs';
import type { Answer } from '../support/api.js';
import { behindProxy, proxiedFleet } from '../support/behind-proxy.js';
import { eventually } from '../support/eventually.js';
import { CLIENT, INSTANCES, PROXIES, PUBLIC_URL } from '../support/proxied-fleet.js';
import { ADMIN } from '../support/test-app.js';

jest.setTimeout(120_000);

const FORGED = '203.0.113.9';
/** Longer than the longest time for which either proxy waits for a silent peer. */
const BEATS = 37;

const fleet = proxiedFleet();

describe.each(PROXIES)('behind %s, as its example in deploy/ has it', (name) => {
  const service = behindProxy(name, fleet);

  it('requests go to one instance after the other', async () => {
    const before = fleet().proxy(name).servedBy().length;
    for (let each = 0; each < 9; each += 1) expect((await service.api.get('/api/me', service.admin)).status).toBe(200);
    const served = await eventually(() => {
      const since = fleet().proxy(name).servedBy().slice(before);
      expect(since).toHaveLength(9);
      return since;
    });
    expect(new Set(served).size).toBe(3);
    expect(served.slice(3)).toEqual(served.slice(0, 6));
  });

  it.each([CLIENT, '127.9.8.7'])(
    'every instance sees a client at %s as that, and believes nothing that the client says of itself',
    async (address) => {
      const from = service.api.from(address);
      const lies = {
        'x-forwarded-for': `${FORGED}, 127.0.0.1`,
        'x-real-ip': FORGED,
        forwarded: `for=${FORGED}`,
        'x-client-ip': FORGED,
      };
      for (const headers of [{}, lies]) {
        // Each of the three, of which two count hops and one has an address.
        for (let instance = 0; instance < INSTANCES; instance += 1) {
          const { status, body } = await from.send('GET', '/api/admin/diagnostics/client-ip', {
            token: service.admin,
            headers,
          });
          expect([status, body.clientAddress, body.socketAddress]).toEqual([200, address, '127.0.0.1']);
        }
      }
      const { sessionId } = await from.signIn(ADMIN);
      expect((await from.get(`/api/admin/sessions/${sessionId}`, service.admin)).body.ip).toBe(address);
      from.close();
    },
  );

  it('a request over TLS is none over plain HTTP, whatever its client says in Forwarded', async () => {
    for (let instance = 0; instance < INSTANCES; instance += 1) {
      const headers = { forwarded: 'proto=http', 'x-forwarded-proto': 'http' };
      expect((await service.api.send('GET', '/api/me', { token: service.admin, headers })).status).toBe(200);
    }
  });

  it('an id of a request is kept from end to end, and stands in its error', async () => {
    const id = 'order-4711.from_a-test';
    const answer = await service.api.send('GET', '/api/protected', { headers: { 'x-request-id': id } });
    expect([answer.status, answer.headers.get('x-request-id'), answer.body.requestId]).toEqual([401, id, id]);
    const own = await service.api.send('GET', '/api/protected', { headers: { 'x-request-id': 'no way' } });
    expect(own.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
  });

  it('headers of 7 KiB pass, and what is too large is refused by the service itself', async () => {
    const padded = (size: number): Promise<Answer> =>
      service.api.send('GET', '/api/protected', { token: service.admin, headers: { 'x-padding': 'x'.repeat(size) } });
    expect((await padded(7_000 - service.admin.length)).status).toBe(200);
    const tooLarge = await padded(10_000);
    expect([tooLarge.status, tooLarge.body.code]).toEqual([431, 'headers_too_large']);
    const body = await service.api.send('POST', '/api/login', { json: { email: 'x'.repeat(20_000) } });
    expect([body.status, body.body.code]).toEqual([413, 'payload_too_large']);
  });

  it('a refresh token lives in a cookie with Secure and __Host-, on whichever instance', async () => {
    const guard = { 'content-type': 'application/json', 'x-gatehouse': '1', origin: PUBLIC_URL };
    const cookieOf = (answer: Answer<unknown>): string => {
      const found = answer.headers.getSetCookie().find((cookie) => cookie.startsWith('__Host-refresh='));
      const [pair = '', ...attributes] = (found ?? '').split('; ');
      expect(attributes).toEqual(expect.arrayContaining(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']));
      return pair;
    };
    let answer: Answer<unknown> = await service.api.send('POST', '/api/login', {
      json: { ...ADMIN, refreshTokenIn: 'cookie' },
      headers: guard,
    });
    for (let step = 0; step < 4; step += 1) {
      expect(answer.status).toBe(200);
      answer = await service.api.send('POST', '/api/refresh', { headers: { ...guard, cookie: cookieOf(answer) } });
    }
    const cookie = cookieOf(answer);
    const foreign = { ...guard, cookie, origin: 'https://evil.example.com' };
    expect((await service.api.send('POST', '/api/refresh', { headers: foreign })).status).toBe(403);
    expect((await service.api.send('POST', '/api/logout', { headers: { ...guard, cookie } })).status).toBe(204);
    for (let each = 0; each < INSTANCES; each += 1) {
      const refused = await service.api.send('POST', '/api/refresh', { headers: { ...guard, cookie } });
      expect([refused.status, refused.body.code]).toEqual([401, 'session_revoked']);
    }
  });

  it('HTTP/2 is spoken to clients that can', async () => {
    const session = connectHttp2(fleet().proxy(name).url, { ca: readFileSync(fleet().certFile) });
    try {
      const stream = session.request({ ':path': '/api/me', authorization: `Bearer ${service.admin}` });
      const status = await new Promise((resolve, reject) => {
        stream.on('response', (headers) => {
          resolve(headers[':status']);
        });
        stream.on('error', reject);
      });
      expect(status).toBe(200);
      stream.close();
    } finally {
      session.close();
    }
  });

  it('what comes in the clear is not answered', async () => {
    const { port } = new URL(fleet().proxy(name).url);
    const outcome = await fetch(`http://127.0.0.1:${port}/api/me`).then(
      ({ status }) => status,
      () => 'nothing',
    );
    expect(outcome === 400 || outcome === 'nothing').toBe(true);
  });
});

describe('the feed of revocations', () => {
  it('comes through each proxy as it is written, and stays open while its instance says that it is current', async () => {
    const admin = await fleet().fleet.admin();
    const { body } = await fleet()
      .through('nginx')
      .post<{ clientId: string; clientSecret: string }>('/api/admin/clients', { name: 'orders' }, admin);
    const authorization = `Basic ${Buffer.from(`${body.clientId}:${body.clientSecret}`).toString('base64')}`;
    await Promise.all(
      PROXIES.map(async (name) => {
        const api = fleet().through(name);
        const sent = api.begin('GET', '/api/revocations', { authorization });
        const arrivals: { readonly text: string; readonly atMs: number }[] = [];
        let closed = false;
        sent.on('response', (response) => {
          response.setEncoding('utf8').on('data', (text: string) => arrivals.push({ text, atMs: performance.now() }));
          response.on('close', () => (closed = true));
        });
        sent.on('error', () => (closed = true)).end();
        const read = (): string => arrivals.map(({ text }) => text).join('');
        await eventually(() => {
          expect(read()).toContain('event: ready');
        });
        const { accessToken, sessionId } = await api.signIn(ADMIN);
        expect((await api.post('/api/logout', {}, accessToken)).status).toBe(204);
        await eventually(() => {
          expect(read()).toContain(sessionId);
        }, 1_000);
        await eventually(
          () => {
            expect(closed).toBe(false);
            expect(read().split('event: current').length).toBeGreaterThan(BEATS);
          },
          2 * BEATS * 1_000,
        );
        const gaps = arrivals.slice(1).map(({ atMs }, index) => atMs - (arrivals[index]?.atMs ?? 0));
        expect(Math.max(...gaps)).toBeLessThan(5_000);
        sent.destroy();
        api.close();
      }),
    );
  });
});
