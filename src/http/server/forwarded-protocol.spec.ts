import fc from 'fast-check';

import { reportsPlainHttp } from './forwarded-protocol.js';

const proto = (value: string, steps = 1): boolean => reportsPlainHttp({ 'x-forwarded-proto': value }, steps);
const forwarded = (value: string, steps = 1): boolean => reportsPlainHttp({ forwarded: value }, steps);

describe('the protocol that proxies report', () => {
  it.each(['http', 'HTTP', ' http ', 'https, http', 'http,http', 'https,http,'])(
    'is plain http in X-Forwarded-Proto: %s',
    (value) => {
      expect(proto(value)).toBe(true);
    },
  );

  it.each(['https', 'http, https', '', ' ', ',', 'wss', 'httpx', 'http;', '"http"', 'http\u0000'])(
    'is no plain http in X-Forwarded-Proto: %j',
    (value) => {
      expect(proto(value)).toBe(false);
    },
  );

  it('is that of the outermost proxy that is believed, and what a client wrote before it counts for nothing', () => {
    // The second from the right was written by the outer one of two.
    expect(proto('http, https', 2)).toBe(true);
    expect(proto('https, http', 2)).toBe(false);
    expect(proto('http, https, http', 2)).toBe(false);
    expect(proto('https, http, http', 2)).toBe(true);
    // The inner one handed on what the outer one wrote.
    expect(proto('http', 2)).toBe(true);
    expect(proto('https', 3)).toBe(false);
  });

  it.each([
    'proto=http',
    'Proto=HTTP;for=192.0.2.1',
    'for="[2001:db8::1]:4711";proto="http"',
    'for="a,proto=https";proto=http',
    'proto=https, for=192.0.2.1;proto=http',
    'for="\\"";proto=http',
  ])('is plain http in Forwarded: %s', (value) => {
    expect(forwarded(value)).toBe(true);
  });

  it.each([
    'proto=https',
    'for=192.0.2.1',
    'proto=http, for=192.0.2.1',
    'proto=http, proto=https',
    'for="proto=http"',
    'for="x;proto=http"',
    'xproto=http',
    'for="unclosed;proto=http',
    '',
  ])('is no plain http in Forwarded: %s', (value) => {
    expect(forwarded(value)).toBe(false);
  });

  it('is plain where either of the two headers says so', () => {
    expect(reportsPlainHttp({ 'x-forwarded-proto': 'https', forwarded: 'proto=http' }, 1)).toBe(true);
    expect(reportsPlainHttp({ 'x-forwarded-proto': 'http', forwarded: 'proto=https' }, 1)).toBe(true);
    expect(reportsPlainHttp({}, 1)).toBe(false);
  });

  it('follows from the entries of trusted proxies alone, whatever stands to the left of them', () => {
    const entry = fc.constantFrom('http', 'https');
    fc.assert(
      fc.property(fc.string(), fc.array(entry, { minLength: 1, maxLength: 4 }), (noise, ours) => {
        // Quotes may not stand in this header; a client's may make nothing of ours a part of its own.
        fc.pre(!noise.includes('"'));
        expect(proto([noise, ...ours].join(','), ours.length)).toBe(ours[0] === 'http');
      }),
    );
  });

  it('is read in bounded time from any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 1, max: 10 }), (text, steps) => {
        expect(typeof forwarded(text, steps)).toBe('boolean');
        expect(typeof proto(text, steps)).toBe('boolean');
      }),
    );
  });
});
