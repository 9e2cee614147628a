import fc from 'fast-check';
import { parseAddressRange } from './address-range.js';

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();

/** Written in full: every group or byte of it, nothing left out. */
function textOf(address: bigint, bits: number): string {
  const [size, base, separator] = bits === 32 ? ([8, 10, '.'] as const) : ([16, 16, ':'] as const);
  const parts = Array.from({ length: bits / size }, (_, index) => {
    const shift = BigInt(bits - size * (index + 1));
    return (address >> shift) & ((1n << BigInt(size)) - 1n);
  });
  return parts.map((part) => part.toString(base)).join(separator);
}

/** As the platform's own parser of URLs writes it. `BlockList` misreads IPv4 inside IPv6, so it is no judge here. */
const canonical = (address: string): string =>
  new URL(`http://${address.includes(':') ? `[${address}]` : address}`).hostname;

describe('parseAddressRange', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7', '203.0.113.7', '203.0.113.7'],
    ['203.0.113.7/32', '203.0.113.7', '203.0.113.7', '203.0.113.7'],
    ['203.0.113.7/24', '203.0.113.0', '203.0.113.255', '203.0.113.0/24'],
    ['203.0.113.7/25', '203.0.113.0', '203.0.113.127', '203.0.113.0/25'],
    ['10.255.255.255/9', '10.128.0.0', '10.255.255.255', '10.128.0.0/9'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255', '0.0.0.0/0'],
    ['2001:DB8::1', '2001:db8::1', '2001:db8::1', '2001:db8::1'],
    ['2001:db8:0:1::1/64', '2001:db8:0:1::', '2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:db8:0:1::/64'],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::/0'],
    ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7/120', '203.0.113.0', '203.0.113.255', '203.0.113.0/24'],
    ['::ffff:0:0/96', '0.0.0.0', '255.255.255.255', '0.0.0.0/0'],
  ])('reads %s', (text, first, last, canonical) => {
    expect(parseAddressRange(text)).toEqual({ first, last, text: canonical });
  });

  it.each([
    ...[
      '',
      ' ',
      '/',
      '/8',
      'localhost',
      '1',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '010.0.0.1',
      '0x7f.0.0.1',
      '2130706433',
    ],
    ...[
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/08',
      '10.0.0.0/+8',
      '10.0.0.0/8 ',
      ' 10.0.0.0/8',
      '10.0.0.0/8/8',
    ],
    ...['10.0.0.0/1e1', '10.0.0.0/255.0.0.0', '10.0.0.0-10.0.0.9', '10.0.0.*', "10.0.0.1'--", '10.0.0.1\0'],
    ...['::/129', ':::', '1:2:3', 'fe80::1%eth0', 'fe80::1%eth0/64', '[::1]', '::1/', 'g::1'],
  ])('refuses "%s"', (text) => {
    expect(parseAddressRange(text)).toBeUndefined();
  });

  it.each([
    ['IPv4', 32],
    ['IPv6', 128],
  ])('covers of %s the addresses that share the first bits', (_, bits) => {
    const address = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: bits }), (block, prefix) => {
        const host = (1n << BigInt(bits - prefix)) - 1n;
        const range = parseAddressRange(`${textOf(block, bits)}/${prefix}`);
        if (range?.first.includes('.') !== (bits === 32)) return; // Mapped IPv4, which is IPv4 here.
        expect(canonical(range.first)).toBe(canonical(textOf(block & ~host, bits)));
        expect(canonical(range.last)).toBe(canonical(textOf(block | host, bits)));
      }),
    );
  });

  it('writes the same block the same way, and reads what it has written', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), fc.integer({ min: 0, max: 32 }), (address, prefix) => {
        const range = parseAddressRange(`${address}/${prefix}`);
        expect(parseAddressRange(range?.text ?? '')).toEqual(range);
        expect(parseAddressRange(`${range?.last ?? ''}/${prefix}`)).toEqual(range);
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseAddressRange(text)));
  });
});
