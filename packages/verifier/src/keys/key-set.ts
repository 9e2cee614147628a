import { setTimeout } from 'node:timers/promises';
import type { JwsHeader } from '../access-token/compact-jws.js';
import type { Clock } from '../clock.js';
import { KeysUnavailableError, TokenInvalidError, TokenStaleError } from '../errors.js';
import { readKeySet } from './verification-key.js';
import type { VerificationKey } from './verification-key.js';

/** As long as Gatehouse lets its key set be cached; each new key is published for longer before it signs. */
const MAX_AGE_MS = 600_000;
/** Between two fetches, however many tokens name keys that nobody knows. */
const COOLDOWN_MS = 2_000;
/** What the thumbprint of a key looks like. Anything else is no key of Gatehouse's, and not worth a fetch. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
/** Of each kind of key that is not used any more, the youngest are remembered. */
const MAX_GONE = 1_000;

/** The published keys, fetched ahead of their age, and again for a key that is not known, but not too often. */
export class KeySet {
  private keys: ReadonlyMap<string, VerificationKey> = new Map();
  /** Ids of those that were published before. */
  private readonly gone = new Set<string>();
  /** Ids of those that were revoked: an instance or a cache that still publishes one cannot bring it back. */
  private readonly revoked = new Set<string>();
  private nextFetch: Promise<void> | undefined;
  private lastFetchMs = -Infinity;
  private fetches = 0;
  private applied = 0;
  private failure: unknown;
  private timer: NodeJS.Timeout | undefined;

  /** @param onError told of each fetch that failed: what was known is good until one succeeds */
  constructor(
    private readonly fetchKeySet: () => Promise<unknown>,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.keys.size;
  }

  /** Keeps them fresh until `close`. */
  start(): void {
    this.timer = setInterval(() => {
      void this.refresh();
    }, MAX_AGE_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /**
   * The key that a token names, if the algorithm is its own. One that is not known is fetched: all who ask share a fetch.
   * @throws TokenInvalidError; TokenStaleError for a key that is no longer published; KeysUnavailableError
   */
  async find({ kid, alg }: JwsHeader): Promise<VerificationKey> {
    if (!this.keys.has(kid) && !this.gone.has(kid) && THUMBPRINT.test(kid)) await this.refresh();
    const key = this.keys.get(kid);
    if (!key && this.gone.has(kid)) throw new TokenStaleError();
    if (!key && this.failure !== undefined) throw new KeysUnavailableError(this.failure);
    if (key?.algorithm !== alg) throw new TokenInvalidError('key');
    return key;
  }

  /** Whether a key is still published, for this algorithm. */
  isInUse(kid: string, algorithm: string): boolean {
    return this.keys.get(kid)?.algorithm === algorithm;
  }

  /** Fetches them, 2 s after the last time at the earliest; whoever asks before that fetch begins shares it. Never rejects. */
  refresh(): Promise<void> {
    this.nextFetch ??= this.fetchInTurn();
    return this.nextFetch;
  }

  /** Uses a key no more. The instance that is asked may publish it for a moment yet, and not its successor: so it is asked twice. */
  revoke(kid: string): void {
    keep(this.revoked, kid);
    this.use([...this.keys.values()]);
    void this.refresh().then(() => this.refresh());
  }

  private async fetchInTurn(): Promise<void> {
    const waitMs = Math.max(0, this.lastFetchMs + COOLDOWN_MS - this.clock.monotonicMs());
    await setTimeout(waitMs, undefined, { ref: false });
    this.lastFetchMs = this.clock.monotonicMs();
    this.nextFetch = undefined;
    const turn = ++this.fetches;
    try {
      const keys = await readKeySet(await this.fetchKeySet());
      // A slow answer may not undo that of a fetch which was sent later.
      if (turn < this.applied) return;
      this.applied = turn;
      this.use(keys);
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
      this.onError(error);
    }
  }

  private use(published: readonly VerificationKey[]): void {
    const keys = new Map(published.map((key) => [key.kid, key]));
    for (const kid of this.revoked) keys.delete(kid);
    for (const kid of [...this.keys.keys(), ...this.revoked]) if (!keys.has(kid)) keep(this.gone, kid);
    for (const kid of keys.keys()) this.gone.delete(kid);
    this.keys = keys;
  }
}

function keep(kids: Set<string>, kid: string): void {
  kids.delete(kid);
  kids.add(kid);
  for (const oldest of kids) if (kids.size > MAX_GONE) kids.delete(oldest);
}
