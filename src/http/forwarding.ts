import type { FastifyRequest } from 'fastify';
import type { TrustProxy } from '../config/app-config.js';
import { canonicalAddress, clientAddress, hopsOf } from './client-address.js';
import { trustRule } from './trust-rule.js';

const SHOWN_HEADER_CHARACTERS = 512;
const SHOWN_HOP_CHARACTERS = 64;
const SHOWN_HOPS = 32;

type Headers = FastifyRequest['headers'];
interface ForwardingHeader {
  readonly name: string;
  readonly key: string;
}

const named = (...names: string[]): readonly ForwardingHeader[] =>
  names.map((name) => ({ name, key: name.toLowerCase() }));

/** The one that is read. */
const FORWARDED_FOR = named('X-Forwarded-For');
/** In these, too, a proxy says for whom it asks. None of them tells the client's address. */
const UNREAD = named(
  'Forwarded',
  'X-Real-IP',
  'X-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
);
const CLAIMS = [...FORWARDED_FOR, ...UNREAD];
/** Sent by proxies on the client's side as well, so that nothing follows from it. */
const TRACES = named('Via');

const isSent = (headers: Headers, { key }: ForwardingHeader): boolean => {
  const value = headers[key];
  return value !== undefined && value !== '';
};

/** Whether a request has any header by which a proxy speaks for somebody: asked of every request. */
export const hasClaims = (headers: Headers): boolean => CLAIMS.some((header) => isSent(headers, header));
/** The names of those headers, never their values. */
export const claimsIn = (headers: Headers): string[] =>
  CLAIMS.filter((header) => isSent(headers, header)).map(({ name }) => name);
/** The names of those that nobody reads. */
export const unreadClaimsIn = (headers: Headers): string[] =>
  UNREAD.filter((header) => isSent(headers, header)).map(({ name }) => name);

/** One step from the socket towards the client. */
export interface Hop {
  readonly source: 'socket' | 'x-forwarded-for';
  /** As it was written, cut where it is too long. */
  readonly value: string;
  /** Null where that is no address. */
  readonly address: string | null;
  readonly trusted: boolean;
}

/** How the address of a request's client was found. */
export interface Forwarding {
  readonly socketAddress: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** From the socket to the first that is not trusted. */
  readonly chain: readonly Hop[];
  /** Whether `X-Forwarded-For` goes on to the left of that one. */
  readonly goesOn: boolean;
  readonly clientAddress: string;
}

const textOf = (value: string | string[]): string => [value].flat().join(', ');

/** The address at the other end of the connection, in the form of `clientAddress`. */
export const peerOf = (request: FastifyRequest): string =>
  canonicalAddress(request.socket.remoteAddress ?? '') ?? 'unknown';

/** Reads what a request says of the way that it came: for an admin who sets `TRUST_PROXY`. */
export function forwardingOf(request: FastifyRequest, trustProxy: TrustProxy): Forwarding {
  const trusts = trustRule(trustProxy);
  const read = hopsOf(request);
  const written = textOf(request.headers['x-forwarded-for'] ?? '').split(',');
  return {
    socketAddress: peerOf(request),
    headers: [...CLAIMS, ...TRACES].flatMap(({ name, key }) => {
      const value = request.headers[key];
      return value === undefined ? [] : [{ name, value: textOf(value).slice(0, SHOWN_HEADER_CHARACTERS) }];
    }),
    chain: read.slice(0, SHOWN_HOPS).map((value, hop) => ({
      source: hop === 0 ? 'socket' : 'x-forwarded-for',
      value: value.slice(0, SHOWN_HOP_CHARACTERS),
      address: canonicalAddress(value) ?? null,
      trusted: trusts(value, hop),
    })),
    goesOn: written.filter((entry) => entry.trim() !== '').length > read.length - 1,
    clientAddress: clientAddress(request),
  };
}
