import type { TrustProxy } from '../config/app-config.js';
import { unnamedProxy } from './forwarding-contradictions.js';

const none: TrustProxy = { kind: 'none' };

describe('a configuration that cannot be meant', () => {
  it('is an https origin with no proxy named, and one line says what to set', () => {
    const doubts = unnamedProxy({ publicUrl: 'https://auth.example.com', trustProxy: none, tls: undefined });
    expect(doubts).toHaveLength(1);
    expect(doubts[0]).toMatch(/^PUBLIC_URL is https, .* Set TRUST_PROXY to .*\.$/);
    expect(doubts[0]).not.toContain('auth.example.com');
  });

  it.each<[string, string, TrustProxy]>([
    ['a proxy counted', 'https://auth.example.com', { kind: 'hops', hops: 1 }],
    ['a proxy named', 'https://auth.example.com', { kind: 'addresses', cidrs: ['10.0.0.0/8'] }],
    ['no proxy and plain http', 'http://127.0.0.1:3000', none],
  ])('is not %s', (_what, publicUrl, trustProxy) => {
    expect(unnamedProxy({ publicUrl, trustProxy, tls: undefined })).toEqual([]);
  });

  it('is not https that the service speaks itself', () => {
    const tls = { certFile: 'chain.pem', keyFile: 'key.pem' };
    expect(unnamedProxy({ publicUrl: 'https://auth.example.com', trustProxy: none, tls })).toEqual([]);
  });
});
