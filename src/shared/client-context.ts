/** Where a request came from, as data for services that know no HTTP. */
export interface ClientContext {
  /** The client's address as text, IPv4 or IPv6. */
  readonly ip: string;
  readonly userAgent: string | undefined;
  /** The id of the request, as in `X-Request-Id` and in the log. */
  readonly requestId?: string | undefined;
}
