import { VerifierSetupError } from './errors.js';
import type { VerifiedTokens } from './access-token/verified-tokens.js';
import type { KeySet } from './keys/key-set.js';
import type { Denylist } from './revocations/denylist.js';
import { Gate } from './revocations/gate.js';
import type { RevocationFeed } from './revocations/revocation-feed.js';
import type { VerifierStatus } from './status.js';

interface Parts {
  readonly feed: RevocationFeed;
  readonly keys: KeySet;
  readonly denylist: Denylist;
  readonly verified: VerifiedTokens;
  readonly failOpen: boolean;
  readonly onStatus: ((status: VerifierStatus) => void) | undefined;
}

const WAIT_MS = 60_000;

/** Keeps what a verifier knows as current as Gatehouse's own instances are, and says how current that is. */
export class Follower {
  private readonly progress = new Gate();
  private loaded = false;
  private closed = false;
  private acceptedUnknown = 0;
  private lastError: unknown;
  private told: VerifierStatus['state'] = 'starting';

  constructor(private readonly parts: Parts) {}

  /** Whether all was loaded once, and it is not closed. */
  get isLoaded(): boolean {
    return this.loaded && !this.closed;
  }

  start(): void {
    const { feed, keys } = this.parts;
    keys.start();
    feed.start();
    this.refreshKeys();
  }

  /** After each connection too: much may have changed while there was none. */
  refreshKeys(): void {
    void this.parts.keys.refresh().then(() => {
      this.look();
    });
  }

  /** @throws VerifierSetupError, or the reason of the signal */
  async ready(signal?: AbortSignal): Promise<void> {
    while (!this.isLoaded) {
      if (this.closed) throw new VerifierSetupError('the verifier is closed');
      if (this.lastError instanceof VerifierSetupError) throw this.lastError;
      await this.progress.pass(WAIT_MS, signal);
    }
  }

  /** @throws RevocationUnknownError, unless it is to fail open; the reason of the signal */
  async assertCurrent(signal?: AbortSignal): Promise<void> {
    if (!this.parts.failOpen) await this.parts.feed.assertCurrent(signal);
  }

  /** To be called for each token that is let in. */
  count(): void {
    if (!this.parts.feed.isCurrent()) this.acceptedUnknown += 1;
  }

  /** To be called whenever something may have changed: tells whoever waits or wants to know. */
  look(): void {
    const { feed, keys } = this.parts;
    if (feed.isCurrent() && keys.size > 0) this.loaded = true;
    else if (feed.isCurrent()) this.refreshKeys();
    this.progress.open();
    const status = this.status();
    if (status.state === this.told) return;
    this.told = status.state;
    try {
      this.parts.onStatus?.(status);
    } catch (error) {
      process.emitWarning(`onStatus of a Gatehouse verifier failed: ${String(error)}`);
    }
  }

  /** What went wrong with the feed or the key set. */
  note(error: unknown): void {
    this.lastError = error;
    this.look();
  }

  status(): VerifierStatus {
    const { feed, keys, denylist, verified, failOpen } = this.parts;
    const state = this.state();
    return {
      state,
      stalenessMs: feed.stalenessMs(),
      failingOpen: failOpen && state === 'stale',
      acceptedUnknown: this.acceptedUnknown,
      revocations: denylist.size,
      rememberedTokens: verified.size,
      keys: keys.size,
      connections: feed.connections,
      lastError: reasonOf(this.lastError),
    };
  }

  close(): void {
    this.closed = true;
    this.parts.keys.close();
    this.parts.feed.close();
    this.look();
  }

  private state(): VerifierStatus['state'] {
    if (this.closed) return 'closed';
    if (!this.loaded) return 'starting';
    return this.parts.feed.isCurrent() ? 'current' : 'stale';
  }
}

/** `fetch` says why only in the cause of what it throws. */
function reasonOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  const cause = 'cause' in error ? reasonOf(error.cause) : undefined;
  return cause === undefined ? String(error.message) : `${String(error.message)}: ${cause}`;
}
