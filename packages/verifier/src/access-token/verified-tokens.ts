import { epochSeconds } from '../clock.js';
import type { Clock } from '../clock.js';
import type { Principal } from './principal.js';
import type { TokenLife } from './token-profile.js';

/** A token whose signature and claims have been checked. */
export interface VerifiedToken extends TokenLife {
  readonly principal: Principal;
  readonly algorithm: string;
}

export interface VerifiedTokensOptions {
  /** How many are remembered at most; some 1.1 kB each. None with 0. */
  readonly atMost: number;
  /** After how long all that nobody shows any more is forgotten: as old as a token can get. */
  readonly lifeSeconds: number;
}

/**
 * Remembers what the signature and the claims of a token said, by the very text of the token, so that each is verified once:
 * that is most of the work. Whether the token has expired since, its key is still published and nobody has revoked it is not
 * remembered: the caller asks each time.
 *
 * Bounded by two generations: when the young one is full, or as old as a token can get, it becomes the old one, and what
 * nobody has shown meanwhile is forgotten with that.
 */
export class VerifiedTokens {
  private young = new Map<string, VerifiedToken>();
  private old: ReadonlyMap<string, VerifiedToken> = new Map();
  private youngSinceSeconds = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: VerifiedTokensOptions,
  ) {}

  get size(): number {
    return this.young.size + this.old.size;
  }

  remember(token: string, verified: VerifiedToken): void {
    const { atMost, lifeSeconds } = this.options;
    if (atMost === 0) return;
    const now = epochSeconds(this.clock);
    if (this.young.size >= Math.ceil(atMost / 2) || now >= this.youngSinceSeconds + lifeSeconds) {
      this.old = this.young;
      this.young = new Map();
      this.youngSinceSeconds = now;
    }
    this.young.set(token, verified);
  }

  /** @returns what a token said that is known and has not expired since */
  recall(token: string): VerifiedToken | undefined {
    const verified = this.young.get(token) ?? this.revive(token);
    if (verified === undefined) return undefined;
    const now = epochSeconds(this.clock);
    return now >= verified.fromSeconds && now < verified.untilSeconds ? verified : undefined;
  }

  private revive(token: string): VerifiedToken | undefined {
    const verified = this.old.get(token);
    if (verified !== undefined) this.remember(token, verified);
    return verified;
  }
}
