/** One limit that a request counted against. */
export interface NotedLimit {
  /** A short name of ours, such as `login`. */
  readonly policy: string;
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

type Fields = Readonly<Record<string, string>>;

const LIMITS = Symbol('limits that a request counted against');
const NONE: Fields = Object.freeze({});

/** A request, of which nothing else is known here. */
interface Counted {
  [LIMITS]?: NotedLimit[];
}

/** Remembers a limit for the answer's fields; a later note of the same policy replaces the earlier one. */
export function noteLimit(request: object, limit: NotedLimit): void {
  const counted: Counted = request;
  const limits = counted[LIMITS];
  if (!limits) {
    counted[LIMITS] = [limit];
    return;
  }
  const known = limits.findIndex(({ policy }) => policy === limit.policy);
  if (known === -1) limits.push(limit);
  else limits[known] = limit;
}

const whole = (value: number): number => Math.max(0, Math.ceil(value));
const PLAIN = /^[\x20-\x21\x23-\x5B\x5D-\x7E]*$/;
/** An sf-string (RFC 9651 §3.3.3). */
const quoted = (text: string): string =>
  `"${PLAIN.test(text) ? text : text.replaceAll(/[^\x20-\x7E]/g, '').replaceAll(/["\\]/g, '\\$&')}"`;

/** `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-11: one item per limit, in the order noted. */
export function rateLimitFields(request: object): Fields {
  const { [LIMITS]: limits }: Counted = request;
  if (limits === undefined) return NONE;
  let [policies, states] = ['', ''];
  for (const { policy, quota, windowSeconds, remaining, resetSeconds } of limits) {
    const [separator, name] = [policies === '' ? '' : ', ', quoted(policy)];
    policies += `${separator}${name};q=${whole(quota)};w=${whole(windowSeconds)}`;
    states += `${separator}${name};r=${whole(remaining)};t=${whole(resetSeconds)}`;
  }
  return { 'ratelimit-policy': policies, ratelimit: states };
}
