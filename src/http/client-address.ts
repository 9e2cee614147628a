import { isIPv4 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

/** Some proxies write a port behind the address: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/;
/** An IPv6 client has a whole /64 to choose its address from. */
const CLIENT_PREFIX_PARTS = 4;

/** The canonical text of an address: IPv4 out of its IPv6 mapping, RFC 5952, no zone. Undefined if it is none. */
export function canonicalAddress(text: string): string | undefined {
  // Four decimal numbers without leading zeros have no other spelling.
  if (isIPv4(text)) return text;
  const [, bracketed, dotted] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (bracketed ?? dotted ?? text).split('%');
  if (!ipaddr.IPv6.isValid(address) && !ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined;
  return ipaddr.process(address).toString();
}

const HOPS = Symbol('hops');
const CLIENT = Symbol('address of the client');

declare module 'fastify' {
  /** What has been found out of a request, once. */
  interface FastifyRequest {
    [HOPS]?: readonly string[];
    [CLIENT]?: string;
  }
}

/**
 * The addresses that a request came by, as they were written: the socket's, then from the right of `X-Forwarded-For` all
 * that proxies of ours wrote; the last of them is the client's. Fastify reads the header anew each time it is asked.
 */
export function hopsOf(request: FastifyRequest): readonly string[] {
  const known = request[HOPS];
  if (known) return known;
  return (request[HOPS] = request.ips ?? [request.ip]);
}

/**
 * The client's address by the configured trust, read from the right. What a trusted proxy wrote there and is no address
 * is passed over for the nearest one to the right of it, at last the socket's own.
 */
export function clientAddress(request: FastifyRequest): string {
  const known = request[CLIENT];
  if (known !== undefined) return known;
  return (request[CLIENT] = findClientAddress(request));
}

function findClientAddress(request: FastifyRequest): string {
  const addresses = hopsOf(request);
  for (let index = addresses.length - 1; index >= 0; index -= 1) {
    const known = canonicalAddress(addresses[index] ?? '');
    if (known !== undefined) return known;
  }
  return canonicalAddress(request.socket.remoteAddress ?? '') ?? 'unknown';
}

/** What counts as one client for limits: an IPv4 address, or an IPv6 /64 written as `2001:db8:1:2::/64`. */
export function clientNetwork(address: string): string {
  if (isIPv4(address) || !ipaddr.IPv6.isValid(address)) return address;
  const { parts } = ipaddr.IPv6.parse(address);
  const network = [...parts.slice(0, CLIENT_PREFIX_PARTS), 0, 0, 0, 0];
  return `${new ipaddr.IPv6(network).toString()}/64`;
}
