import { domainToUnicode } from 'node:url';
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

  it('folds the cases of every letter that has them to one account', () => {
    const apart: string[] = [];
    for (let point = 0; point <= 0xffff; point += 1) {
      const letter = String.fromCharCode(point);
      const cases = new Set([letter, letter.toLowerCase(), letter.toUpperCase()]);
      if (cases.size === 1 || letter === 'ı') continue;
      const accounts = new Set([...cases].map((each) => normaliseEmail(`a${each}b@example.com`)));
      if (accounts.size > 1) apart.push(letter);
    }
    expect(apart).toEqual([]);
  });

  const local = fc.string({
    unit: fc.constantFrom(...Array.from('abzéüßñœ0_+-密ж'), 'e\u0301'),
    minLength: 1,
    maxLength: 12,
  });
  const addresses = fc
    .tuple(local, fc.constantFrom('example.com', 'bücher.de', 'пример.рф'))
    .map((parts) => parts.join('@'));

  it('does not tell composed from decomposed typing, or what is blank around an address', () => {
    const blank = fc.constantFrom('', ' ', '\t', '\r\n', '\u00a0', '\u3000');
    fc.assert(
      fc.property(addresses, blank, blank, (text, before, after) => {
        const address = normaliseEmail(text);
        expect(address).toBeDefined();
        expect(normaliseEmail(text.normalize('NFC'))).toBe(address);
        expect(normaliseEmail(text.normalize('NFD'))).toBe(address);
        expect(normaliseEmail(before + text + after)).toBe(address);
      }),
    );
  });

  it('keeps addresses apart that differ in more than case and typing', () => {
    const folded = (text: string): string => text.normalize('NFC').toLowerCase().replaceAll('ß', 'ss');
    fc.assert(
      fc.property(addresses, addresses, (one, other) => {
        expect(normaliseEmail(one) === normaliseEmail(other)).toBe(folded(one) === folded(other));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps the domain of an address, and leaves no letter of another script in it', () => {
    fc.assert(
      fc.property(addresses, (text) => {
        const [, domain = ''] = (normaliseEmail(text) ?? '').split('@');
        expect(domainToUnicode(domain)).toBe(text.split('@')[1]);
        expect(domain).toMatch(/^[a-z0-9.-]+$/);
      }),
    );
  });
});
