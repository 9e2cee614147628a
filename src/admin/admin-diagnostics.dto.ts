import { ApiProperty } from '@nestjs/swagger';
import type { TrustProxy } from '../config/app-config.js';
import type { Forwarding, Hop } from '../http/forwarding.js';

class ForwardingHeaderResponse {
  /** @example "X-Forwarded-For" */
  name!: string;

  /**
   * As it came; at most 512 characters are shown.
   * @example "198.51.100.9, 10.0.0.2"
   */
  value!: string;
}

class TrustResponse {
  kind!: 'none' | 'hops' | 'addresses';

  /** Of `hops`: how many proxies are trusted, counted from the socket. */
  hops!: number | null;

  /**
   * Of `addresses`: the blocks whose addresses are trusted.
   * @example ["10.0.0.0/8"]
   */
  @ApiProperty({ type: [String] })
  addresses!: string[];

  static from(trustProxy: TrustProxy): TrustResponse {
    return {
      kind: trustProxy.kind,
      hops: trustProxy.kind === 'hops' ? trustProxy.hops : null,
      addresses: trustProxy.kind === 'addresses' ? [...trustProxy.cidrs] : [],
    };
  }
}

class HopResponse {
  source!: 'socket' | 'x-forwarded-for';

  /** As it was written. */
  value!: string;

  /** In its one form; null where what was written is no address. */
  address!: string | null;

  /** Whether the next entry to the left is believed. */
  trusted!: boolean;

  static from({ source, value, address, trusted }: Hop): HopResponse {
    return { source, value, address, trusted };
  }
}

export class ClientIpResponse {
  /** Who is at the other end of the connection. */
  socketAddress!: string;

  /** What proxies say. Only `X-Forwarded-For` is read for the client's address. */
  headers!: ForwardingHeaderResponse[];

  /** `TRUST_PROXY`. */
  trustProxy!: TrustResponse;

  /** What was read, from the socket and then from the right of `X-Forwarded-For`, to the first that is not trusted. */
  chain!: HopResponse[];

  /**
   * What follows: the address that this request counts as, in limits, sessions and events.
   * @example "198.51.100.9"
   */
  clientAddress!: string;

  /** What contradicts, a sentence each. */
  @ApiProperty({ type: [String] })
  warnings!: string[];

  static from(forwarding: Forwarding, trustProxy: TrustProxy, warnings: string[]): ClientIpResponse {
    return {
      socketAddress: forwarding.socketAddress,
      headers: forwarding.headers.map(({ name, value }) => ({ name, value })),
      trustProxy: TrustResponse.from(trustProxy),
      chain: forwarding.chain.map((hop) => HopResponse.from(hop)),
      clientAddress: forwarding.clientAddress,
      warnings,
    };
  }
}
