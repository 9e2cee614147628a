import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import type { AppConfig, TrustProxy } from '../config/app-config.js';
import { hopsOf } from './client-address.js';
import { claimsIn, hasClaims, peerOf, unreadClaimsIn } from './forwarding.js';
import type { Forwarding } from './forwarding.js';
import { trustRule } from './trust-rule.js';
import type { TrustRule } from './trust-rule.js';

/** How a request and `TRUST_PROXY` differ: a request has one of them at most. */
export type Contradiction = 'untrusted' | 'missing' | 'unread' | 'short';

/** Finds how requests contradict `TRUST_PROXY`. One without such headers costs a few property reads. */
export class ForwardingContradictions {
  private readonly trusts: TrustRule;
  private readonly peers = new WeakMap<Socket, boolean>();

  constructor(private readonly trustProxy: TrustProxy) {
    this.trusts = trustRule(trustProxy);
  }

  find(request: FastifyRequest): Contradiction | undefined {
    const { headers } = request;
    if (!this.trustsPeerOf(request)) return hasClaims(headers) ? 'untrusted' : undefined;
    const { length } = hopsOf(request);
    if (length <= 1) return unreadClaimsIn(headers).length > 0 ? 'unread' : 'missing';
    return this.trustProxy.kind === 'hops' && length <= this.trustProxy.hops ? 'short' : undefined;
  }

  /** A sentence for whoever runs the service. Nothing in it was chosen by a caller. */
  describe(contradiction: Contradiction, request: FastifyRequest): string {
    const peer = peerOf(request);
    switch (contradiction) {
      case 'untrusted':
        return (
          `${claimsIn(request.headers).join(', ')} came from ${peer}, which TRUST_PROXY does not name; ignored: ` +
          'all who come through there count as one client. If that is your proxy, name it; if not, nothing is wrong.'
        );
      case 'missing':
        return (
          `No X-Forwarded-For came from ${peer}, which TRUST_PROXY trusts: the request counts as that address's own. ` +
          'A proxy has to send the header; what calls directly should not be trusted.'
        );
      case 'unread':
        return (
          `${unreadClaimsIn(request.headers).join(', ')} came from ${peer}, which TRUST_PROXY trusts, without ` +
          'X-Forwarded-For, the one header that is read for an address: all who come through there count as one ' +
          'client. Have the proxy send it.'
        );
      case 'short':
        return (
          `X-Forwarded-For from ${peer} has fewer addresses than TRUST_PROXY has hops: either a proxy was passed by, or ` +
          'the number is too high, and clients choose the address that they count as.'
        );
    }
  }

  /** Judged once a connection, since a proxy keeps its own. */
  private trustsPeerOf({ socket }: FastifyRequest): boolean {
    if (this.trustProxy.kind !== 'addresses') return this.trustProxy.kind === 'hops';
    const known = this.peers.get(socket);
    if (known !== undefined) return known;
    const isTrusted = this.trusts(socket.remoteAddress, 0);
    this.peers.set(socket, isTrusted);
    return isTrusted;
  }
}

/** What of the configuration cannot be meant: https, which this service does not speak then, and nobody in front who does. */
export function unnamedProxy({
  publicUrl,
  trustProxy,
  tls,
}: Pick<AppConfig['http'], 'publicUrl' | 'trustProxy' | 'tls'>): string[] {
  if (tls || trustProxy.kind !== 'none' || new URL(publicUrl).protocol !== 'https:') return [];
  return [
    'PUBLIC_URL is https, so a proxy ends TLS in front of this service, and TRUST_PROXY is not set: every client counts as ' +
      'that proxy, in limits, sessions and events. Set TRUST_PROXY to the number of proxies (1 for one), or to their addresses.',
  ];
}

/** Where nobody on the internet comes from. */
const INTERNAL = new Set(['private', 'loopback', 'linkLocal', 'uniqueLocal', 'carrierGradeNat']);

const isInternal = (address: string): boolean => ipaddr.isValid(address) && INTERNAL.has(ipaddr.parse(address).range());

/** All that an admin who asks for it is told of a request, a sentence each: more than is worth a line in the log. */
export function doubtsAbout(request: FastifyRequest, found: Forwarding, http: AppConfig['http']): string[] {
  const contradictions = new ForwardingContradictions(http.trustProxy);
  const contradiction = contradictions.find(request);
  const trustsSome = found.chain.some(({ trusted }) => trusted);
  const doubts: [boolean, string][] = [
    [
      found.chain.some(({ address }) => address === null),
      'An entry of X-Forwarded-For that a trusted proxy wrote is no address: the nearest one to its right counts instead.',
    ],
    [
      trustsSome && found.goesOn,
      'X-Forwarded-For goes on to the left of the address that follows, and that part is not believed. Unless you sent it ' +
        'yourself, a proxy is missing from TRUST_PROXY.',
    ],
    [
      trustsSome && isInternal(found.clientAddress),
      'The address that follows is of an internal network. Unless you are in it, it is that of a proxy which is missing from TRUST_PROXY.',
    ],
  ];
  return [
    ...unnamedProxy(http),
    ...(contradiction === undefined ? [] : [contradictions.describe(contradiction, request)]),
    ...doubts.filter(([isSo]) => isSo).map(([, doubt]) => doubt),
  ];
}
