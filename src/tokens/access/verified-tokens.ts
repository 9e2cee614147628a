import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { JwtAlgorithm } from '../../config/app-config.js';
import type { Principal } from '../../security/principal.js';
import { Clock, epochSeconds } from '../../shared/clock.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { RevocationCheck } from '../revocation/revocation-check.js';
import type { TokenLife } from './access-token-profile.js';

/** Of each generation; some 1.1 kB a token. */
const GENERATION_SIZE = 2_500;

/** A token whose signature and claims have been checked. */
export interface VerifiedToken extends TokenLife {
  readonly principal: Principal;
  readonly algorithm: JwtAlgorithm;
}

/**
 * Remembers what the signature and the claims of a token said, so that each is verified once: of a request with ES256 that is
 * most of the work. The very text of a token is its key. Nothing else is remembered: whether the token has expired since, its
 * key is still in use, and nobody has revoked it is asked each time.
 *
 * Bounded by two generations: when the young one is full, or as old as a token can get, it becomes the old one, and what
 * nobody has shown meanwhile is forgotten with that.
 */
@Injectable()
export class VerifiedTokens {
  private young = new Map<string, VerifiedToken>();
  private old: ReadonlyMap<string, VerifiedToken> = new Map();
  private youngSinceSeconds = 0;

  constructor(
    private readonly keys: SigningKeys,
    private readonly revocations: RevocationCheck,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  get size(): number {
    return this.young.size + this.old.size;
  }

  remember(token: string, verified: VerifiedToken): void {
    const now = epochSeconds(this.clock.now());
    const isFull = this.young.size >= GENERATION_SIZE;
    if (isFull || now >= this.youngSinceSeconds + this.config.tokens.accessTokenTtlSeconds) {
      this.old = this.young;
      this.young = new Map();
      this.youngSinceSeconds = now;
    }
    this.young.set(token, verified);
  }

  /**
   * @returns who bears a token that is known and stands right now; undefined says nothing: the token has to be verified,
   * which also tells what is wrong with it
   */
  recall(token: string): Principal | undefined {
    const verified = this.young.get(token) ?? this.revive(token);
    if (verified === undefined) return undefined;
    const { principal, algorithm, fromSeconds, untilSeconds } = verified;
    const now = epochSeconds(this.clock.now());
    const stands =
      now >= fromSeconds &&
      now < untilSeconds &&
      this.keys.isInUse(principal.keyId, algorithm) &&
      this.revocations.isKnownToStand(principal);
    return stands ? principal : undefined;
  }

  private revive(token: string): VerifiedToken | undefined {
    const verified = this.old.get(token);
    if (verified !== undefined) this.remember(token, verified);
    return verified;
  }
}
