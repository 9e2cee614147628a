import { ApiProperty } from '@nestjs/swagger';
import type { TrustProxy } from '../config/app-config.js';
import type { Forwarding, Hop } from '../http/forwarding.js';
import { COUNT, ADDRESS, ADDRESS_BLOCK, USER_AGENT } from '../shared/json-formats.js';

/** No controls. */
const TEXT = { pattern: USER_AGENT.pattern };

class ForwardingHeaderResponse {
  @ApiProperty({ maxLength: 32, pattern: '^[A-Za-z-]+$', example: 'X-Forwarded-For' })
  name!: string;

  /** As it came; at most 512 characters are shown. */
  @ApiProperty({ ...TEXT, maxLength: 512, example: '198.51.100.9, 10.0.0.2' })
  value!: string;
}

class TrustResponse {
  kind!: 'none' | 'hops' | 'addresses';

  /** Of `hops`: how many proxies are trusted, counted from the socket. */
  @ApiProperty({ ...COUNT, format: 'int32', maximum: 10, example: 1 })
  hops!: number | null;

  /** Of `addresses`: the blocks whose addresses are trusted. */
  @ApiProperty({ type: [String] })
  @ApiProperty({ type: 'array', items: { type: 'string', ...ADDRESS_BLOCK }, maxItems: 100, example: ['10.0.0.0/8'] })
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
  @ApiProperty({ ...TEXT, maxLength: 64, example: '198.51.100.9' })
  value!: string;

  /** In its one form; null where what was written is no address. */
  @ApiProperty({ ...ADDRESS, example: '198.51.100.9' })
  address!: string | null;

  /** Whether the next entry to the left is believed. */
  @ApiProperty({ example: false })
  trusted!: boolean;

  static from({ source, value, address, trusted }: Hop): HopResponse {
    return { source, value, address, trusted };
  }
}

export class ClientIpResponse {
  /** Who is at the other end of the connection. */
  @ApiProperty({ ...ADDRESS, example: '10.0.0.2' })
  socketAddress!: string;

  /** What proxies say. Only `X-Forwarded-For` is read for the client's address. */
  @ApiProperty({ maxItems: 16 })
  headers!: ForwardingHeaderResponse[];

  /** `TRUST_PROXY`. */
  trustProxy!: TrustResponse;

  /** What was read, from the socket and then from the right of `X-Forwarded-For`, to the first that is not trusted. */
  @ApiProperty({ maxItems: 33 })
  chain!: HopResponse[];

  /** What follows: the address that this request counts as, in limits, sessions and events. */
  @ApiProperty({ ...ADDRESS, example: '198.51.100.9' })
  clientAddress!: string;

  /** What contradicts, a sentence each. */
  @ApiProperty({ type: 'array', items: { type: 'string', ...TEXT, maxLength: 1024 }, maxItems: 16, example: [] })
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
