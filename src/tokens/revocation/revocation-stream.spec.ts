import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { FeedEntry } from './feed-reader.js';
import { RevocationStream } from './revocation-stream.js';

const entry = (number: number): FeedEntry => ({
  id: String(number),
  kind: 'session',
  subject: `0199c2f4-7d1e-7c3a-9b5f-${String(number).padStart(12, '0')}`,
  minimum: null,
  appendedAt: new Date(0),
  expiresAt: new Date(4_200_000),
});

describe('a stream of revocations', () => {
  let server: Server;
  let response: ServerResponse;
  let reader: IncomingMessage;

  /** Opens a stream over a real socket, whose reader has not begun to read. */
  beforeEach(async () => {
    server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asked = get({ host: '127.0.0.1', port });
    asked.on('error', () => undefined);
    [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
    response.flushHeaders();
    [reader] = (await once(asked, 'response')) as [IncomingMessage];
    reader.on('error', () => undefined);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('hangs up on a reader that has stopped reading, and keeps no more than it must', async () => {
    const stream = new RevocationStream(response);
    await stream.begin([], { reset: false, id: 'a' });
    let told = 0;
    while (!response.destroyed && told < 1_000_000) {
      stream.tell([entry((told += 1))], 'b');
      if (told % 1_000 === 0) await setImmediate();
    }
    expect(response.destroyed).toBe(true);
    expect(response.writableLength).toBeLessThan(1_000_000);
  });

  it('tells a slow reader all that there was before, at the pace of the reader', async () => {
    const stream = new RevocationStream(response);
    const all = Array.from({ length: 50_000 }, (_, index) => entry(index));
    const begun = stream.begin(all, { reset: false, id: 'a' });
    let text = '';
    reader.setEncoding('utf8');
    reader.on('data', (chunk: string) => (text += chunk));
    await begun;
    stream.tell([entry(50_000)], 'b');
    stream.end();
    await once(reader, 'end');
    expect(text.match(/^event: revocation$/gm)).toHaveLength(50_001);
    expect(text.indexOf('event: ready')).toBeGreaterThan(text.indexOf(entry(49_999).subject));
    expect(text.indexOf('event: ready')).toBeLessThan(text.indexOf(entry(50_000).subject));
  });

  it('leaves nothing at the response of all that it waited for', async () => {
    const stream = new RevocationStream(response);
    const listeners = (): number[] => ['drain', 'close', 'error'].map((name) => response.listenerCount(name));
    const before = listeners();
    let most = 0;
    const begun = stream.begin(
      Array.from({ length: 50_000 }, (_, index) => entry(index)),
      { reset: false, id: 'a' },
    );
    reader.on('data', () => {
      most = Math.max(most, ...listeners());
    });
    await begun;
    expect(listeners()).toEqual(before);
    expect(most).toBeLessThan(10);
  });

  it('has an end where the reader leaves before it has been told all', async () => {
    const stream = new RevocationStream(response);
    const begun = stream.begin(
      Array.from({ length: 50_000 }, (_, index) => entry(index)),
      { reset: false, id: 'a' },
    );
    reader.destroy();
    await begun;
    expect(response.destroyed).toBe(true);
  });

  it('keeps what comes while it tells what there was before, and tells it afterwards', async () => {
    const stream = new RevocationStream(response);
    stream.tell([entry(2)], 'b');
    await stream.begin([entry(1)], { reset: true, id: 'a' });
    stream.end();
    let text = '';
    for await (const chunk of reader) text += String(chunk);
    const order = ['event: reset', entry(1).subject, 'event: ready', entry(2).subject].map((part) =>
      text.indexOf(part),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order[0]).toBeGreaterThanOrEqual(0);
  });
});
