import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { expectDescribed } from './support/described.js';
import { eventually } from './support/eventually.js';
import { ADMIN, randomSecret, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

interface Event {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Reads a stream of server-sent events over a socket of its own. */
class Reader {
  readonly events: Event[] = [];
  closed = false;
  status = 0;
  headers: IncomingMessage['headers'] = {};
  private received = '';
  private readonly sent: ClientRequest;

  constructor(service: TestApp, client: Client, headers: Record<string, string> = {}, query = '') {
    const authorization = `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`;
    this.sent = request(new URL(`/api/revocations${query}`, service.api.url), {
      headers: { authorization, ...headers },
    });
    this.sent.on('response', (response) => {
      this.status = response.statusCode ?? 0;
      this.headers = response.headers;
      response.setEncoding('utf8');
      let text = '';
      response.on('data', (chunk: string) => {
        text += chunk;
        this.received += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        this.events.push(...blocks.flatMap(parse));
      });
      response.on('close', () => (this.closed = true));
    });
    this.sent.on('error', () => (this.closed = true));
    this.sent.end();
  }

  /** Waits for an event of a kind, optionally about a subject. */
  wait(event: string, subject?: string): Promise<Event> {
    return eventually(() => {
      const found = this.events.find(
        (each) => each.event === event && (subject === undefined || each.data.subject === subject),
      );
      if (!found) throw new Error(`no ${event} ${subject ?? ''} among ${JSON.stringify(this.events)}`);
      return found;
    });
  }

  get lastId(): string {
    return this.events.findLast(({ id }) => id !== undefined)?.id ?? '';
  }

  close(): void {
    this.sent.destroy();
  }

  /** Holds what has come so far to the OpenAPI document. */
  assertDescribed(): void {
    const { status, headers } = this;
    const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    const answer = { status, headers: new Headers(fields), text: this.received };
    if (status !== 0) expectDescribed('GET', '/api/revocations', answer);
  }
}

function parse(block: string): Event[] {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  const event = fields.get('event');
  if (event === undefined) return [];
  return [{ event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? '{}') as Event['data'] }];
}

describe('the feed of revocations for other services', () => {
  const env = { JWT_SECRET: randomSecret(), REFRESH_SECRET: randomSecret() };
  let service: TestApp;
  let other: TestApp;
  let admin: string;
  let client: Client;
  const readers: Reader[] = [];
  const read = (...args: ConstructorParameters<typeof Reader>): Reader => {
    const reader = new Reader(...args);
    readers.push(reader);
    return reader;
  };
  const endSession = async (): Promise<string> => {
    const { accessToken, sessionId } = await service.api.signIn(ADMIN);
    await service.api.send('POST', '/api/logout', { token: accessToken });
    return sessionId;
  };

  beforeAll(async () => {
    service = await startTestApp({ env });
    other = await startTestApp({ env, database: service.database });
    admin = (await service.api.signIn(ADMIN)).accessToken;
    client = (await service.api.post<Client>('/api/admin/clients', { name: 'verifier' }, admin)).body;
  });
  afterEach(() => {
    const all = readers.splice(0);
    for (const reader of all) reader.close();
    for (const reader of all) reader.assertDescribed();
  });
  afterAll(async () => {
    await other.close();
    await service.close();
  });

  it('tells the live revocations first, then that it is ready, then each new one, on every instance', async () => {
    const before = await endSession();
    const readersOfBoth = [read(service, client), read(other, client)];
    for (const reader of readersOfBoth) {
      await reader.wait('ready');
      expect(reader.headers['content-type']).toBe('text/event-stream; charset=utf-8');
      expect(reader.headers['cache-control']).toBe('no-store');
      const kinds = reader.events.map(({ event, data }) => (data.subject === before ? 'before' : event));
      expect(kinds.indexOf('before')).toBeLessThan(kinds.indexOf('ready'));
    }
    const after = await endSession();
    for (const reader of readersOfBoth) {
      const { data } = await reader.wait('revocation', after);
      expect(data).toEqual({ kind: 'session', subject: after, expiresAt: expect.any(String) as string });
    }
  });

  it('says every second that it is current', async () => {
    const reader = read(service, client);
    await reader.wait('current');
  });

  it('goes on from the last event that was read, and repeats nothing that was', async () => {
    const first = read(service, client);
    await first.wait('ready');
    const known = await endSession();
    await first.wait('revocation', known);
    await first.wait('current');
    const id = first.lastId;
    first.close();
    const missed = await endSession();
    const second = read(service, client, { 'last-event-id': id });
    await second.wait('revocation', missed);
    await second.wait('ready');
    expect(second.events.map(({ event }) => event)).not.toContain('reset');
    const third = read(other, client, {}, `?after=${id}`);
    await third.wait('revocation', missed);
  });

  it.each(['nonsense', '00000000-0000-0000-0000-000000000000.5.1795500000', ''])(
    'answers the unknown position %j with reset and everything',
    async (id) => {
      const known = await endSession();
      const reader = read(service, client, id === '' ? {} : { 'last-event-id': id });
      await reader.wait('revocation', known);
      await reader.wait('ready');
      expect(reader.events[0]?.event === 'reset').toBe(id !== '');
    },
  );

  it('refuses who is no client, and the eleventh stream of one', async () => {
    const stranger = read(service, { clientId: 'x', clientSecret: 'y' });
    await eventually(() => {
      expect(stranger.status).toBe(401);
    });
    const ten = Array.from({ length: 10 }, () => read(service, client));
    await Promise.all(ten.map((reader) => reader.wait('ready')));
    const eleventh = read(service, client);
    await eventually(() => {
      expect(eleventh.status).toBe(429);
    });
    expect(eleventh.headers['retry-after']).toBe('1');
  });

  it('answers HEAD with the headers alone, and opens no stream for it', async () => {
    const authorization = `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`;
    for (let time = 0; time < 11; time += 1) {
      const answer = await service.api.send('HEAD', '/api/revocations', { headers: { authorization } });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    }
  });

  it('ends the streams of a client within a second of its deletion', async () => {
    const doomed = (await service.api.post<Client>('/api/admin/clients', { name: 'doomed' }, admin)).body;
    const reader = read(other, doomed);
    await reader.wait('ready');
    await service.api.delete(`/api/admin/clients/${doomed.clientId}`, admin);
    await eventually(() => {
      expect(reader.closed).toBe(true);
    }, 2_000);
  });

  it('ends its streams when the service stops, so that they do not hold it', async () => {
    const third = await startTestApp({ env, database: service.database });
    const reader = read(third, client);
    await reader.wait('ready');
    await third.close();
    await eventually(() => {
      expect(reader.closed).toBe(true);
    });
  });
});
