/** Where a request came from, as data for services that know no HTTP. */
export interface ClientContext {
  /** The client's address as text, IPv4 or IPv6. */
  readonly ip: string;
  readonly userAgent: string | undefined;
}
