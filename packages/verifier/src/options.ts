import { VerifierSetupError } from './errors.js';
import type { VerifierStatus } from './status.js';

export interface VerifierOptions {
  /** Gatehouse's `JWT_ISSUER`: a URL, by default its `PUBLIC_URL`. */
  readonly issuer: string;
  /** Gatehouse's `JWT_AUDIENCE`, by default its `PUBLIC_URL`. */
  readonly audience: string;
  /** Of the client that an admin has made for this service (`POST /api/admin/clients`). */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where this service reaches Gatehouse, if not by the issuer's URL. */
  readonly baseUrl?: string;
  /** Allows a `baseUrl` with http beyond the loopback: whoever is on the way then reads the client's secret and may answer with keys of their own. */
  readonly allowHttp?: boolean;
  /** Gatehouse's `JWT_EXPIRE` in seconds: a token with a longer life is refused. 3,600, the most that it can be, by default. */
  readonly maxTokenLifeSeconds?: number;
  /** How long the feed may be silent before tokens are refused with `revocation_unknown`: 2 to 3,600 seconds, 5 by default. */
  readonly maxStalenessSeconds?: number;
  /**
   * Accepts tokens while the feed is silent for longer than that, by what was known before: a token revoked meanwhile gets
   * in for as long as it lives. `status()` counts them. Never before the first load.
   */
  readonly failOpen?: boolean;
  /** How many verified tokens are remembered, some 1.1 kB each: 5,000 by default. */
  readonly rememberTokens?: number;
  /** How many revocations are held at once, some 150 bytes each: 1,000,000 by default. With more, tokens are refused with `revocation_unknown`. */
  readonly maxRevocations?: number;
  /** Closes the verifier. */
  readonly signal?: AbortSignal;
  /** Told whenever `state` changes: `stale` is what to be alarmed by. */
  readonly onStatus?: (status: VerifierStatus) => void;
  /** Instead of the global one: for a proxy, or certificates of your own. */
  readonly fetch?: typeof fetch;
  /** The time in milliseconds since 1970, for tests. */
  readonly now?: () => number;
}

/** The same, checked and with its defaults. */
export interface Settings {
  readonly issuer: string;
  readonly audience: string;
  readonly baseUrl: URL;
  /** Credentials as HTTP Basic (RFC 7617). */
  readonly authorization: string;
  readonly maxTokenLifeSeconds: number;
  readonly maxStalenessMs: number;
  readonly failOpen: boolean;
  readonly rememberTokens: number;
  readonly maxRevocations: number;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** @throws VerifierSetupError that names what is wrong, never its value */
export function readSettings(options: VerifierOptions): Settings {
  const { issuer, audience, baseUrl = issuer, allowHttp = false } = options;
  for (const name of ['issuer', 'audience', 'clientId', 'clientSecret'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') throw new VerifierSetupError(`${name} is missing`);
  }
  return {
    issuer,
    audience,
    baseUrl: readBaseUrl(baseUrl, allowHttp),
    authorization: `Basic ${Buffer.from(`${options.clientId}:${options.clientSecret}`).toString('base64')}`,
    maxTokenLifeSeconds: within('maxTokenLifeSeconds', options.maxTokenLifeSeconds ?? 3_600, 1, 3_600),
    // Gatehouse is heard once a second.
    maxStalenessMs: within('maxStalenessSeconds', options.maxStalenessSeconds ?? 5, 2, 3_600) * 1000,
    failOpen: options.failOpen ?? false,
    rememberTokens: within('rememberTokens', options.rememberTokens ?? 5_000, 0, 10_000_000),
    maxRevocations: within('maxRevocations', options.maxRevocations ?? 1_000_000, 1, 10_000_000),
  };
}

function readBaseUrl(text: string, allowHttp: boolean): URL {
  if (!URL.canParse(text)) throw new VerifierSetupError('baseUrl, or issuer without it, has to be a URL');
  const url = new URL(text);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && (allowHttp || LOOPBACK.test(url.hostname)));
  if (!isSafe) throw new VerifierSetupError('baseUrl, or issuer without it, has to be https: or see allowHttp');
  // What follows is appended: a path in front of it stays.
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) throw new VerifierSetupError(`${name} has to be from ${least} to ${most}`);
  return value;
}
