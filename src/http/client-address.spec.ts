import { fastify } from 'fastify';

import type { TrustProxy } from '../config/app-config.js';
import { clientAddress, clientNetwork } from './client-address.js';
import { clientOf } from './client-context.js';
import { trustOf } from './server/fastify-options.js';

async function addressOf(trustProxy: TrustProxy, remoteAddress: string, forwarded?: string): Promise<string> {
  const app = fastify({ trustProxy: trustOf(trustProxy) });
  app.get('/', (request) => ({ address: clientAddress(request) }));
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const response = await app.inject({ url: '/', remoteAddress, headers });
  await app.close();
  return response.json<{ address: string }>().address;
}

const none: TrustProxy = { kind: 'none' };
const hops = (count: number): TrustProxy => ({ kind: 'hops', hops: count });
const addresses = (...cidrs: string[]): TrustProxy => ({ kind: 'addresses', cidrs });

describe("the client's address", () => {
  it.each([
    ['is the socket’s where nobody is trusted', none, '192.0.2.1', '198.51.100.9', '192.0.2.1'],
    ['is the last entry behind one hop', hops(1), '10.0.0.1', '1.1.1.1, 198.51.100.9', '198.51.100.9'],
    ['is the last but one behind two hops', hops(2), '10.0.0.1', '1.1.1.1, 198.51.100.9, 10.0.0.2', '198.51.100.9'],
    ['is the first where there are fewer entries than hops', hops(3), '10.0.0.1', '198.51.100.9', '198.51.100.9'],
    ['is the socket’s where a trusted hop forwards nothing', hops(1), '10.0.0.1', undefined, '10.0.0.1'],
    [
      'is the first untrusted one from the right',
      addresses('10.0.0.0/8'),
      '10.0.0.1',
      '6.6.6.6, 198.51.100.9, 10.2.3.4',
      '198.51.100.9',
    ],
    ['is the socket’s where an untrusted peer forwards', addresses('10.0.0.0/8'), '192.0.2.1', '10.1.1.1', '192.0.2.1'],
    [
      'trusts a proxy in its IPv4-mapped form',
      addresses('10.0.0.0/8'),
      '::ffff:10.0.0.1',
      '198.51.100.9',
      '198.51.100.9',
    ],
    [
      'trusts a proxy that another wrote with its port',
      addresses('10.0.0.0/8'),
      '10.0.0.1',
      '6.6.6.6, 198.51.100.9, 10.2.3.4:8080',
      '198.51.100.9',
    ],
    [
      'trusts an IPv6 block and nothing beside it',
      addresses('2001:db8:1::/48', '10.0.0.0/8'),
      '2001:db8:1::5',
      '198.51.100.9, 2001:db8:2::7, 10.9.9.9',
      '2001:db8:2::7',
    ],
    ['is taken out of its IPv6 mapping', none, '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['has one form', hops(1), '10.0.0.1', '2001:DB8:0:0::1', '2001:db8::1'],
    ['has no zone', none, 'fe80::1%eth0', undefined, 'fe80::1'],
    ['has no port', hops(1), '10.0.0.1', '198.51.100.9:4711', '198.51.100.9'],
    ['has no brackets', hops(1), '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['is never text that is no address', hops(1), '10.0.0.1', '<script>', '10.0.0.1'],
    ['is never an octal or a bare number', hops(1), '10.0.0.1', '3232235777', '10.0.0.1'],
  ])('%s', async (_what, trust, remote, forwarded, expected) => {
    expect(await addressOf(trust, remote, forwarded)).toBe(expected);
  });

  it('counts an IPv6 client by its /64', () => {
    expect(clientNetwork('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(clientNetwork('2001:db8:1:2:ffff::')).toBe('2001:db8:1:2::/64');
    expect(clientNetwork('192.0.2.1')).toBe('192.0.2.1');
  });
});

describe('the client context', () => {
  it('has a user agent that is bounded and without control characters', async () => {
    const app = fastify();
    app.get('/', (request) => clientOf(request));
    const agentOf = async (userAgent: string): Promise<unknown> =>
      (await app.inject({ url: '/', headers: { 'user-agent': userAgent } })).json<{ userAgent?: string }>().userAgent;
    expect(await agentOf('a\u001b[31mb\u009bc\td')).toBe('a[31mbcd');
    expect(await agentOf('x'.repeat(600))).toBe('x'.repeat(512));
    expect(await agentOf(' ')).toBeUndefined();
    await app.close();
  });
});
