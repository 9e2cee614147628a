import { createConnection } from 'node:net';
import type { Answer } from './api.js';
import { expectDescribed } from './described.js';

const SILENCE_MS = 15_000;

/** Sends bytes as they are, and returns all that comes back until the service closes the connection. */
export function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = createConnection(Number(port), hostname, () => socket.write(text, 'latin1'));
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error('the service neither answered nor hung up')));
    socket.on('data', (chunk) => chunks.push(chunk));
    // A service that refuses a request may reset the connection behind its answer.
    socket.on('error', (error) => {
      if (chunks.length === 0) reject(error);
    });
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

/** The content of a body in chunks of ASCII (RFC 9112 §7.1). */
function dechunked(body: string): string {
  const [, size = '0'] = /^([0-9a-f]+)\r\n/i.exec(body) ?? [];
  const [start, length] = [size.length + 2, parseInt(size, 16)];
  return length === 0 ? '' : body.slice(start, start + length) + dechunked(body.slice(start + length + 2));
}

/** Reads the one answer in `text`. */
export function parseRaw<Body = Record<string, unknown>>(text: string): Answer<Body> {
  const end = text.indexOf('\r\n\r\n');
  const [line = '', ...fields] = text.slice(0, end).split('\r\n');
  const headers = new Headers(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  const sent = text.slice(end + 4);
  const body = headers.get('transfer-encoding') === 'chunked' ? dechunked(sent) : sent;
  const isJson = headers.get('content-type')?.includes('json') ?? false;
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]),
    headers,
    text: body,
    body: (isJson && body !== '' ? JSON.parse(body) : undefined) as Body,
  };
}

/** One request over a connection of its own, its target and method as they are written here; of whatever listens at `url`. */
export async function rawExchange<Body = Record<string, unknown>>(
  url: string,
  requestLine: string,
  headers: readonly string[] = [],
  body = '',
): Promise<Answer<Body>> {
  const head = [`${requestLine} HTTP/1.1`, 'Host: gatehouse.test', 'Connection: close', ...headers].join('\r\n');
  return parseRaw<Body>(await sendRaw(url, `${head}\r\n\r\n${body}`));
}

/** The same of the service, whose answer has to be as `openapi.json` describes it. */
export async function rawRequest<Body = Record<string, unknown>>(
  ...[url, requestLine, headers, body]: Parameters<typeof rawExchange>
): Promise<Answer<Body>> {
  const answer = await rawExchange<Body>(url, requestLine, headers, body);
  const [method = '', target = ''] = requestLine.split(' ');
  expectDescribed(method, target, answer);
  return answer;
}
