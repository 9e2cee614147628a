import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import type { Answer } from './support/api.js';
import { Authority } from './support/certificates.js';
import { expectProblem } from './support/problem.js';
import { parseRaw } from './support/raw-http.js';
import { scratchFolder } from './support/scratch.js';
import { startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

jest.setTimeout(90_000);

/** Node looks for late requests once a second; the rest is a busy machine's. */
const LATE_MS = 5_000;
const SEND_EVERY_MS = 500;

interface Hung {
  readonly answer: Answer | undefined;
  readonly afterMs: number;
}

/** Opens a connection, sends what there is, then a byte at a time of what follows, until the service hangs up. */
async function hold(port: number, begin: string, drip = ''): Promise<Hung> {
  const socket = createConnection(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const beganMs = performance.now();
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(begin, 'latin1');
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < drip.length && socket.writable) socket.write(drip.charAt(sent++));
  }, SEND_EVERY_MS);
  await once(socket, 'close');
  clearInterval(timer);
  return { answer: text === '' ? undefined : parseRaw(text), afterMs: performance.now() - beganMs };
}

const within = ({ afterMs }: Hung, fromMs: number): void => {
  expect(afterMs).toBeGreaterThan(fromMs - 100);
  expect(afterMs).toBeLessThan(fromMs + LATE_MS);
};

describe('a client that takes its time', () => {
  let service: TestApp;
  let port: number;

  beforeAll(async () => {
    service = await startTestApp();
    port = Number(new URL(service.api.url).port);
  });
  afterAll(() => service.close());

  it('has 10 s for its headers and 30 s for the whole request, however often it sends a byte', async () => {
    const body = JSON.stringify({ email: 'a@example.com', password: 'x'.repeat(200) });
    const head = [
      'POST /api/login HTTP/1.1',
      'Host: gatehouse.test',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      '',
    ].join('\r\n');
    const headers = 'GET /health/live HTTP/1.1\r\nHost: gatehouse.test\r\n';
    const [silent, halfLine, drippedHeaders, half, dripped] = await Promise.all([
      hold(port, ''),
      hold(port, 'GET / HT'),
      hold(port, headers, 'X-Slow: '.padEnd(200, 'x')),
      hold(port, head + body.slice(0, 10)),
      hold(port, head, body),
    ]);
    for (const hung of [silent, halfLine, drippedHeaders]) {
      within(hung, 10_000);
      if (hung.answer) expectProblem(hung.answer, 408, 'request_timeout');
    }
    expect(drippedHeaders.answer?.status).toBe(408);
    for (const hung of [half, dripped]) {
      within(hung, 30_000);
      expect(hung.answer?.status).toBe(408);
    }
    // Nobody else was kept waiting, and nothing was let in.
    expect((await service.api.get('/health/live')).status).toBe(200);
  });
});

describe('a client that does not end its TLS handshake', () => {
  let service: TestApp;

  beforeAll(async () => {
    const folder = scratchFolder();
    const { cert, key } = new Authority(folder).issue();
    const env = { TLS_CERT_FILE: path.join(folder, 'chain.pem'), TLS_KEY_FILE: path.join(folder, 'key.pem') };
    writeFileSync(env.TLS_CERT_FILE, cert);
    writeFileSync(env.TLS_KEY_FILE, key);
    service = await startTestApp({ env });
  });
  afterAll(() => service.close());

  it('has 10 s for it, however often it sends a byte', async () => {
    const port = Number(new URL(await service.app.getUrl()).port);
    // The head of a record that would be longer.
    const record = '\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03';
    for (const hung of await Promise.all([hold(port, ''), hold(port, record, 'x'.repeat(200))])) within(hung, 10_000);
  });
});
