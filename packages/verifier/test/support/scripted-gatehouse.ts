import { constants, createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier } from '../../src/create-verifier.js';
import type { VerifierOptions } from '../../src/options.js';
import type { Verifier } from '../../src/verifier.js';

const CURRENT_EVERY_MS = 100;

export type Algorithm = 'ES256' | 'ES384' | 'PS256' | 'RS256';

export interface TestKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

export function newKey(alg: Algorithm = 'ES256'): TestKey {
  const { privateKey, publicKey } = alg.startsWith('ES')
    ? generateKeyPairSync('ec', { namedCurve: alg === 'ES256' ? 'prime256v1' : 'secp384r1' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  const members = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  const kid = createHash('sha256').update(JSON.stringify(members)).digest('base64url');
  return { kid, alg, privateKey, jwk: { ...members, kid, alg, use: 'sig' } };
}

const HASHES = { ES256: 'sha256', ES384: 'sha384', PS256: 'sha256', RS256: 'sha256' } as const;

/** Signs a text whatever it says, as no library would. */
export function signatureOf(input: string, { alg, privateKey }: TestKey): string {
  const padding = alg === 'PS256' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {};
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363', ...padding } as const;
  return sign(HASHES[alg], Buffer.from(input), key).toString('base64url');
}

/** Two texts as they are, rightly signed. */
export function signed(header: string | Buffer, body: string | Buffer, key: TestKey): string {
  const input = [header, body].map((text) => Buffer.from(text).toString('base64url')).join('.');
  return `${input}.${signatureOf(input, key)}`;
}

type Members = Readonly<Record<string, unknown>>;

/** Speaks as Gatehouse does to other services, and does what a real one cannot be made to do at will. */
export class ScriptedGatehouse {
  readonly key = newKey();
  /** What the key set is answered with. */
  keySet: { status: number; body: string };
  keySetFetches = 0;
  /** What a new stream is told before `ready`, at once. */
  entries: Members[] = [];
  /** Instead of a stream; undefined for one. */
  feedAnswer: { status: number; headers?: Record<string, string> } | undefined;
  /** Whether streams are told `ready`, and `current` all the time. */
  isTelling = true;
  /** The `Last-Event-ID` of each stream that was asked for. */
  readonly askedFrom: (string | undefined)[] = [];
  readonly streams = new Set<ServerResponse>();
  private position = 0;

  private constructor(private readonly server: Server) {
    this.keySet = { status: 200, body: JSON.stringify({ keys: [this.key.jwk] }) };
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.answer(request, response);
    });
  }

  static async start(): Promise<ScriptedGatehouse> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedGatehouse(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A verifier of its tokens; it is up to the test to await `ready` and to close it. */
  verifier(options: Partial<VerifierOptions> = {}): Verifier {
    return createVerifier({ issuer: this.url, audience: 'orders', clientId: 'c', clientSecret: 's', ...options });
  }

  publish(...keys: TestKey[]): void {
    this.keySet = { status: 200, body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }) };
  }

  claims(changes: Members = {}): Members {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.url,
      aud: 'orders',
      sub: randomUUID(),
      sid: randomUUID(),
      jti: randomUUID(),
      iat: now,
      exp: now + 900,
      auth_time: now,
      amr: ['pwd'],
      roles: ['admin'],
      client_id: 'gatehouse',
      ver: 1,
      era: 1,
      ...changes,
    };
  }

  token(claims: Members = {}, { header = {}, key = this.key }: { header?: Members; key?: TestKey } = {}): string {
    const all = { alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header };
    return signed(JSON.stringify(all), JSON.stringify(this.claims(claims)), key);
  }

  /** Tells all streams, and whoever comes later, of a revocation. */
  revoke(revocation: Members): void {
    const entry = { expiresAt: new Date(Date.now() + 4_200_000).toISOString(), ...revocation };
    this.entries.push(entry);
    this.tell('revocation', JSON.stringify(entry), `p${(this.position += 1)}`);
  }

  tell(event: string, data = '{}', id?: string): void {
    for (const stream of this.streams) write(stream, event, data, id);
  }

  /** Resets all streams. */
  cut(): void {
    for (const stream of this.streams) stream.socket?.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private answer({ url, headers }: IncomingMessage, response: ServerResponse): void {
    if (url === '/.well-known/jwks.json') {
      this.keySetFetches += 1;
      response.writeHead(this.keySet.status, { 'content-type': 'application/json' }).end(this.keySet.body);
    } else if (url === '/api/revocations') {
      this.askedFrom.push(headers['last-event-id'] as string | undefined);
      if (this.feedAnswer) response.writeHead(this.feedAnswer.status, this.feedAnswer.headers).end();
      else this.open(response);
    } else response.writeHead(404).end();
  }

  private open(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('retry: 1000\n\n');
    for (const entry of this.entries) write(response, 'revocation', JSON.stringify(entry));
    if (this.isTelling) write(response, 'ready', '{}', `p${this.position}`);
    this.streams.add(response);
    const timer = setInterval(() => {
      if (this.isTelling) write(response, 'current', '{}', `p${this.position}`);
    }, CURRENT_EVERY_MS);
    response
      .on('error', () => undefined)
      .on('close', () => {
        clearInterval(timer);
        this.streams.delete(response);
      });
  }
}

function write(response: ServerResponse, event: string, data: string, id?: string): void {
  response.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`);
}
