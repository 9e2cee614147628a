import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { Logger } from '@nestjs/common';
import { ConfigError } from '../src/config/config-error.js';
import { tlsPair } from '../src/http/server/tls-pair.js';
import type { Tokens } from './support/api.js';
import { Authority } from './support/certificates.js';
import type { Issued } from './support/certificates.js';
import { eventually } from './support/eventually.js';
import { scratchFolder } from './support/scratch.js';
import { ADMIN, startTestApp } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';
import { TlsClient } from './support/tls-client.js';

jest.setTimeout(60_000);

const PUBLIC_URL = 'https://auth.example.com';
/** Two looks at the files, a second apart, and what a busy machine takes. */
const RELOADED_WITHIN_MS = 15_000;
const DAY = 24 * 60 * 60;

describe('a service that ends TLS itself', () => {
  const folder = scratchFolder();
  const authority = new Authority(path.join(folder, 'authority'));
  const said: string[] = [];
  let service: TestApp;
  let client: TlsClient;

  const files = { cert: path.join(folder, 'now', 'chain.pem'), key: path.join(folder, 'now', 'key.pem') };
  const writeTo = (directory: string, { cert, key }: Issued): void => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, 'chain.pem'), cert);
    writeFileSync(path.join(directory, 'key.pem'), key);
  };
  let swaps = 0;
  /** As Kubernetes changes a mounted secret: the files are links through one link, which is replaced in one step. */
  const swap = (issued: Issued): void => {
    const version = `version-${++swaps}`;
    writeTo(path.join(folder, version), issued);
    symlinkSync(version, path.join(folder, 'next'));
    renameSync(path.join(folder, 'next'), path.join(folder, 'now'));
  };
  const says = (pattern: RegExp): Promise<void> =>
    eventually(() => {
      expect(said).toContainEqual(expect.stringMatching(pattern));
    }, RELOADED_WITHIN_MS);

  beforeAll(async () => {
    // RSA, which alone could do without forward secrecy.
    swap(authority.issue({ key: ['-newkey', 'rsa:2048'] }));
    service = await startTestApp({
      env: { PUBLIC_URL, TLS_CERT_FILE: files.cert, TLS_KEY_FILE: files.key, LOG_LEVEL: 'info' },
    });
    const keep = (message: unknown): void => void said.push(String(message));
    Logger.overrideLogger({ log: keep, warn: keep, error: keep, debug: () => undefined });
    client = new TlsClient(Number(new URL(await service.app.getUrl()).port), authority.root);
  });
  afterAll(() => service.close());

  it('signs in over it, with a chain that a client follows to its root, and HSTS', async () => {
    const answer = await client.send<Tokens>('POST', '/api/login', { body: ADMIN });
    expect([answer.status, answer.headers.get('strict-transport-security')]).toEqual([
      200,
      'max-age=63072000; includeSubDomains',
    ]);
    expect(answer.body.accessToken).toMatch(/^ey/);
  });

  it.each<[string, ConnectionOptions, string]>([
    ['TLS 1.2', { maxVersion: 'TLSv1.2' }, 'TLSv1.2'],
    ['TLS 1.3', { minVersion: 'TLSv1.3' }, 'TLSv1.3'],
  ])('speaks %s, with forward secrecy and HTTP/1.1', async (_what, options, protocol) => {
    const socket = await client.connect({ ALPNProtocols: ['h2', 'http/1.1'], ...options });
    expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([protocol, 'http/1.1']);
    expect(socket.getCipher().standardName).toMatch(
      /^TLS_(?:ECDHE_\w+_WITH_)?(?:AES_\d+_GCM|CHACHA20_POLY1305)_SHA\d+$/,
    );
    socket.destroy();
  });

  const weak = 'DEFAULT:@SECLEVEL=0';
  it.each<[string, ConnectionOptions]>([
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: weak }],
    ['CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA384:@SECLEVEL=0' }],
    ['no forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:@SECLEVEL=0' }],
    ['no authentication', { maxVersion: 'TLSv1.2', ciphers: 'AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0' }],
    ['another protocol than HTTP/1.1', { ALPNProtocols: ['h2'] }],
  ])('refuses a client that has %s', async (_what, options) => {
    await expect(client.connect(options)).rejects.toThrow(/alert|handshake|protocol|ECONNRESET|disconnected/i);
  });

  it('answers nothing to plain HTTP on its port', async () => {
    const { port } = new URL(await service.app.getUrl());
    const [error] = (await once(get({ port, host: '127.0.0.1', path: '/health/live' }), 'error')) as [Error];
    expect(error.message).toMatch(/socket hang up|ECONNRESET|Parse Error/);
  });

  it('serves a new certificate by itself, and fails no request meanwhile', async () => {
    const agent = client.agent();
    const open = await client.connect();
    const before = await client.serial();
    let [answered, isOver] = [0, false];
    const ask = async (own: typeof agent | false): Promise<void> => {
      while (!isOver) {
        const { status } = await client.send('GET', '/health/live', { agent: own });
        expect(status).toBe(200);
        answered += 1;
      }
    };
    const load = Promise.all([ask(agent), ask(agent), ask(false), ask(false)]);
    swap(authority.issue());
    await eventually(async () => {
      expect(await client.serial()).not.toBe(before);
    }, RELOADED_WITHIN_MS);
    isOver = true;
    await load;
    expect(answered).toBeGreaterThan(10);
    await says(/^A new certificate is in use, until \d{4}-/);
    // One that was open before goes on.
    const answer = once(open, 'data');
    open.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect(String(await answer)).toMatch(/^HTTP\/1\.1 200 /);
    agent.destroy();
  });

  it.each<[string, (issued: Issued, other: Issued) => Issued, RegExp]>([
    ['do not go together', ({ cert }, { key }) => ({ cert, key }), /TLS_KEY_FILE must hold the key of the first/],
    ['hold no certificate', ({ key }) => ({ cert: 'nothing', key }), /TLS_CERT_FILE must hold a certificate in PEM/],
    ['hold no key', ({ cert }) => ({ cert, key: '' }), /TLS_KEY_FILE must hold a private key in PEM/],
  ])('keeps the last good one where the files %s, says so once, and takes the next', async (_what, broken, reason) => {
    const before = await client.serial();
    said.length = 0;
    const [issued, other] = [authority.issue(), authority.issue()];
    swap(broken(issued, other));
    await says(reason);
    expect(await client.serial()).toBe(before);
    swap(issued);
    await eventually(async () => {
      expect(await client.serial()).not.toBe(before);
    }, RELOADED_WITHIN_MS);
    const told = said.filter((line) => line.includes('the last good ones stay in use'));
    expect(told).toHaveLength(1);
    // Neither the key nor what OpenSSL says of it.
    expect(said.join('\n')).not.toMatch(/BEGIN|PRIVATE|error:|[A-Za-z0-9+/]{40}/);
  });

  it('keeps it where the files are gone, and takes them when they are back in their place', async () => {
    const before = await client.serial();
    said.length = 0;
    rmSync(path.join(folder, 'now'));
    await says(/TLS_CERT_FILE must name a file that can be read/);
    expect(await client.serial()).toBe(before);
    // Written in place, one after the other.
    const issued = authority.issue();
    writeTo(path.join(folder, 'now'), issued);
    await eventually(async () => {
      expect(await client.serial()).not.toBe(before);
    }, RELOADED_WITHIN_MS);
    rmSync(path.join(folder, 'now'), { recursive: true });
    swap(issued);
  });

  it('says that its certificate nears its end, and that it has ended', async () => {
    swap(authority.issue({ days: 30 }));
    said.length = 0;
    await says(/^A new certificate is in use/);
    service.clock.advance(17 * DAY);
    await says(/^The certificate ends in 12 days, at /);
    service.clock.advance(DAY);
    await says(/^The certificate ends in 11 days, at /);
    service.clock.advance(12 * DAY);
    await says(/^The certificate ended at .*: clients refuse it/);
    const told = said.filter((line) => line.startsWith('The certificate'));
    expect(told).toHaveLength(3);
  });
});

describe('a certificate and a key', () => {
  const authority = new Authority(scratchFolder());
  const [one, other] = [authority.issue(), authority.issue({ key: ['-newkey', 'rsa:2048'] })];
  const pair = ({ cert, key }: Issued): unknown => tlsPair(Buffer.from(cert), Buffer.from(key));
  const locked = createPrivateKey(one.key).export({
    format: 'pem',
    type: 'pkcs8',
    cipher: 'aes-256-cbc',
    passphrase: 'canary',
  });

  it('are taken on a curve, and as RSA', () => {
    for (const issued of [one, other]) expect(() => pair(issued)).not.toThrow();
  });

  it.each<[string, Issued, RegExp]>([
    ['that do not go together', { cert: one.cert, key: other.key }, /TLS_KEY_FILE must hold the key of the first/],
    ['of which the first is none', { cert: 'canary', key: one.key }, /TLS_CERT_FILE must hold a certificate/],
    ['whose chain is broken', { cert: one.cert.slice(0, -200), key: one.key }, /TLS_CERT_FILE must hold certificates/],
    ['of which the second is a certificate', { cert: one.cert, key: one.cert }, /TLS_KEY_FILE must hold a private key/],
    ['with a passphrase', { cert: one.cert, key: String(locked) }, /without a passphrase/],
    ['of RSA with 1024 bits', authority.issue({ key: ['-newkey', 'rsa:1024'] }), /RSA of 2048 bits/],
  ])('are refused %s, without a word of what they hold', (_what, issued, reason) => {
    expect(() => pair(issued)).toThrow(ConfigError);
    expect(() => pair(issued)).toThrow(reason);
    expect(() => pair(issued)).not.toThrow(/BEGIN|canary|[A-Za-z0-9+/]{40}/);
  });
});
