import ipaddr from 'ipaddr.js';
import type { TrustProxy } from '../config/app-config.js';
import { canonicalAddress } from './client-address.js';

/** Whether what stands at this hop is a proxy of ours. Hop 0 is the socket's peer, 1 the last entry of `X-Forwarded-For`. */
export type TrustRule = (address: string | undefined, hop: number) => boolean;

/** Of addresses that were judged before: a few proxies, and as many clients as send a request within a while. */
const REMEMBERED = 1_000;

/** `TRUST_PROXY` as a question: the one reading of it, for the address of a client and for what is told of that. */
export function trustRule(trustProxy: TrustProxy): TrustRule {
  switch (trustProxy.kind) {
    case 'none':
      return () => false;
    case 'hops':
      return (_address, hop) => hop < trustProxy.hops;
    case 'addresses': {
      const trusted = trustProxy.cidrs.map((cidr) => ipaddr.parseCIDR(cidr));
      return remembering((text) => {
        const address = canonicalAddress(text);
        return address !== undefined && ipaddr.subnetMatch(ipaddr.parse(address), { trusted }, 'none') === 'trusted';
      });
    }
  }
}

/** Each request asks for several addresses, nearly always the same ones; parsing one costs more than all else here. */
function remembering(judge: (text: string) => boolean): TrustRule {
  const judged = new Map<string, boolean>();
  return (text = '') => {
    const known = judged.get(text);
    if (known !== undefined) return known;
    if (judged.size >= REMEMBERED) judged.clear();
    const isTrusted = judge(text);
    judged.set(text, isTrusted);
    return isTrusted;
  };
}
