import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { TrustProxy } from '../app-config.js';
import type { Parsed } from './parsed.js';
import { faulty, sound } from './parsed.js';
import { splitList, wholeNumber } from './plain.js';

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*$/;

/** What to listen on: an address without brackets, or a name. */
export const listenHost = (text: string): Parsed<string> =>
  isIP(text) !== 0 || HOST_NAME.test(text) ? sound(text) : faulty('must be an IP address or a host name');

/** A port that need not be opened at all. */
export const listenPort = (text: string): Parsed<number | 'off'> => {
  if (text === 'off' || text === 'false') return sound('off');
  const port = wholeNumber(0, 65_535)(text);
  return port.ok ? port : faulty('must be a whole number from 0 to 65535, or off');
};

/** True only for what certainly cannot be reached from another machine. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

const MOST_HOPS = 10;
const MOST_BLOCKS = 100;
// Half the internet is two lines of /1: a block wider than the widest private one is nobody's proxies.
const WIDEST = { ipv4: 8, ipv6: 7 } as const;

/** Canonical CIDR text; undefined for what is neither an address nor a block, or is too wide to be trusted. */
const cidrOf = (entry: string): string | undefined => {
  // Only the usual spellings: `127.1`, `0x7f.1` and `fe80::1%eth0` are addresses to some readers and not to others.
  const [address = '', prefix, ...rest] = entry.split('/');
  const isFourPart = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (rest.length > 0 || (isIP(address) === 0 && !isFourPart) || address.includes('%')) {
    return undefined;
  }
  const ip = ipaddr.parse(address);
  // A mapped address never meets a socket's, which is compared as IPv4.
  if (ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress()) {
    return undefined;
  }
  const longest = ip.kind() === 'ipv4' ? 32 : 128;
  const length = prefix === undefined ? longest : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  return length >= WIDEST[ip.kind()] && length <= longest ? `${ip.toString()}/${length}` : undefined;
};

/** A number of hops, or addresses and CIDR blocks; every entry of the result is a CIDR block. Trusting everybody is no option. */
export const trustProxy = (text: string): Parsed<TrustProxy> => {
  if (/^[0-9]+$/.test(text)) {
    const hops = Number(text);
    return hops >= 1 && hops <= MOST_HOPS
      ? sound({ kind: 'hops', hops })
      : faulty(`must be a number of hops from 1 to ${MOST_HOPS}, or addresses and CIDR blocks`);
  }
  const cidrs = splitList(text, MOST_BLOCKS)?.map(cidrOf);
  const known = cidrs?.filter((cidr) => cidr !== undefined);
  return known !== undefined && known.length === cidrs?.length
    ? sound({ kind: 'addresses', cidrs: known })
    : faulty(
        `must be a number of hops from 1 to ${MOST_HOPS}, or up to ${MOST_BLOCKS} comma-separated addresses and CIDR blocks ` +
          `(IPv4 at least /${WIDEST.ipv4}, IPv6 at least /${WIDEST.ipv6}; never everybody)`,
      );
};
