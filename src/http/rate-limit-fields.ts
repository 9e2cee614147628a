/** One limit that a request counted against. */
export interface NotedLimit {
  /** A short name of ours, such as `login`. */
  readonly policy: string;
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

const noted = new WeakMap<object, Map<string, NotedLimit>>();

/** Remembers a limit for the answer's fields; a later note of the same policy replaces the earlier one. */
export function noteLimit(request: object, limit: NotedLimit): void {
  const limits = noted.get(request) ?? new Map<string, NotedLimit>();
  limits.set(limit.policy, limit);
  noted.set(request, limits);
}

const whole = (value: number): number => Math.max(0, Math.ceil(value));
/** An sf-string (RFC 9651 §3.3.3). */
const quoted = (text: string): string => `"${text.replaceAll(/[^\x20-\x7E]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;

/** `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11: one item per limit, in the order noted. */
export function rateLimitFields(request: object): Readonly<Record<string, string>> {
  const limits = [...(noted.get(request)?.values() ?? [])];
  if (limits.length === 0) return {};
  return {
    'ratelimit-policy': limits
      .map(({ policy, quota, windowSeconds }) => `${quoted(policy)};q=${whole(quota)};w=${whole(windowSeconds)}`)
      .join(', '),
    ratelimit: limits
      .map(({ policy, remaining, resetSeconds }) => `${quoted(policy)};r=${whole(remaining)};t=${whole(resetSeconds)}`)
      .join(', '),
  };
}
