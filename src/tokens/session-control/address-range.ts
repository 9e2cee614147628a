import ipaddr from 'ipaddr.js';

/** Addresses that a CIDR block covers; of a single address, that one alone. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
  /** The canonical text of the block: RFC 5952, host bits cleared, no prefix where it is one address. */
  readonly text: string;
}

const PREFIX = /^(?:0|[1-9]\d{0,2})$/;
/** IPv4 lies in IPv6 at `::ffff:0:0/96`, and is stored as IPv4. */
const MAPPED_PREFIX = 96;
const BYTE = 0xff;

/**
 * Reads an address or a CIDR block, IPv4 or IPv6.
 * @returns undefined for anything else: shortened or octal IPv4, a zone, a prefix that is too long
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  if (!isAddress || address.includes('%') || rest.length > 0) return undefined;
  const parsed = ipaddr.parse(address);
  const bits = parsed.toByteArray().length * 8;
  if (prefix !== undefined && !(PREFIX.test(prefix) && Number(prefix) <= bits)) return undefined;
  return rangeOf(parsed, prefix === undefined ? bits : Number(prefix));
}

function rangeOf(address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): AddressRange {
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && prefix >= MAPPED_PREFIX) {
    return rangeOf(address.toIPv4Address(), prefix - MAPPED_PREFIX);
  }
  const bytes = address.toByteArray();
  const hostBits = bytes.map((_, index) => BYTE >> Math.min(8, Math.max(0, prefix - index * 8)));
  const first = textOf(bytes.map((byte, index) => byte & ~(hostBits[index] ?? 0)));
  const last = textOf(bytes.map((byte, index) => byte | (hostBits[index] ?? 0)));
  return { first, last, text: prefix === bytes.length * 8 ? first : `${first}/${prefix}` };
}

const textOf = (bytes: number[]): string => ipaddr.fromByteArray(bytes).toString();
