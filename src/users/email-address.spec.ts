import fc from 'fast-check';
import { normaliseEmail } from './email-address.js';

describe('normaliseEmail', () => {
  it.each([
    ['  Ann.Lee+tag@Example.COM\n', 'ann.lee+tag@example.com'],
    ['ann@bücher.DE', 'ann@xn--bcher-kva.de'],
    ['ann@XN--BCHER-KVA.de', 'ann@xn--bcher-kva.de'],
    ['ann@example。com', 'ann@example.com'],
    ['ann@faß.de', 'ann@xn--fa-hia.de'],
    ['JOSE\u0301@example.com', 'jos\u00e9@example.com'],
    ["o'brien@example.com", "o'brien@example.com"],
  ])('brings %j to %j', (text, normalised) => {
    expect(normaliseEmail(text)).toBe(normalised);
  });

  it.each([
    ['ſmith', 'smith'],
    ['\u212aelvin', 'kelvin'],
    ['straße', 'STRASSE'],
    ['straẞe', 'strasse'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ', 'οδος'],
  ])('folds %s and %s to one account', (one, other) => {
    expect(normaliseEmail(`${one}@example.com`)).toBe(normaliseEmail(`${other}@example.com`));
    expect(normaliseEmail(`${one}@example.com`)).toBeDefined();
  });

  it('keeps the dotless i apart from the i, as case folding does', () => {
    expect(normaliseEmail('mıke@example.com')).not.toBe(normaliseEmail('mike@example.com'));
  });

  it.each([
    '',
    '@',
    'ann',
    'ann@',
    '@example.com',
    'ann@localhost',
    'ann@127.0.0.1',
    'ann@[127.0.0.1]',
    'ann@[IPv6:::1]',
    'ann@0x7f.1',
    'ann@2130706433',
    '"ann lee"@example.com',
    '"ann"@example.com',
    'ann@example.com.',
    'ann.@example.com',
    'a..b@example.com',
    'ann lee@example.com',
    'ann@exa mple.com',
    'ann@example.com,bob@example.com',
    'Ann <ann@example.com>',
    'ann@ex%61mple.com',
    'ann@example.com/path',
    'ann@example.com:25',
    'ann@-example.com',
    'ann@xn--a.com',
    'a\u200bnn@example.com',
    'a\u00adnn@example.com',
    'a\u115fnn@example.com',
    '\u202eann@example.com',
    'ann\u0000@example.com',
    'ann@example.com\r\nBcc: bob@example.com',
    'ann\r\n@example.com',
    'ann\ud800@example.com',
    `${'a'.repeat(65)}@example.com`,
    `ann@${'a'.repeat(64)}.com`,
    `ann@${'a.'.repeat(130)}com`,
    `${'a'.repeat(100_000)}@example.com`,
  ])('refuses %j', (text) => {
    expect(normaliseEmail(text)).toBeUndefined();
  });

  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
    fc.tuple(fc.string({ unit: 'grapheme' }), fc.domain()).map(([local, domain]) => `${local}@${domain}`),
    fc.emailAddress(),
  );

  it('throws on no text, and gives back at most 254 bytes without anything unseen', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const address = normaliseEmail(text) ?? '';
        expect(Buffer.byteLength(address)).toBeLessThanOrEqual(254);
        expect(address).not.toMatch(/[\p{C}\p{Z}"]/u);
      }),
      { numRuns: 1_000 },
    );
  });

  it('changes nothing more when it is applied again', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const address = normaliseEmail(text);
        if (address !== undefined) expect(normaliseEmail(address)).toBe(address);
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not tell the cases of an address apart', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => {
        expect(normaliseEmail(text.toUpperCase())).toBe(normaliseEmail(text));
        expect(normaliseEmail(text.toLowerCase())).toBe(normaliseEmail(text));
      }),
    );
  });
});
