/** What is to be known of a verifier, for its metrics. */
export interface VerifierStatus {
  /**
   * `starting` until everything was loaded once; `current` while the feed is heard; `stale` when it has been silent for longer
   * than `maxStalenessSeconds`; `closed`.
   */
  readonly state: 'starting' | 'current' | 'stale' | 'closed';
  /** How old the knowledge of revocations is, in milliseconds: infinite before the first load. */
  readonly stalenessMs: number;
  /** Whether tokens are being accepted although the feed is silent: only with `failOpen`. */
  readonly failingOpen: boolean;
  /** How many times a token was, so far. */
  readonly acceptedUnknown: number;
  /** Revocations that are held. */
  readonly revocations: number;
  /** Verified tokens that are remembered. */
  readonly rememberedTokens: number;
  /** Keys that tokens may be signed with. */
  readonly keys: number;
  /** How many times the feed was opened. */
  readonly connections: number;
  /** What went wrong last, with the feed or the key set. */
  readonly lastError: string | undefined;
}
