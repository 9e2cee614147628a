import { Injectable } from '@nestjs/common';
import { TokenRevokedError, TokenStaleError } from '../../security/security.errors.js';
import { Denylist } from './denylist.js';
import type { RevocableToken } from './denylist.js';
import { RevocationFeed } from './revocation-feed.js';

/** Says whether a token has been revoked: from memory alone, while that is current. */
@Injectable()
export class RevocationCheck {
  constructor(
    private readonly denylist: Denylist,
    private readonly feed: RevocationFeed,
  ) {}

  /** @throws TokenRevokedError, TokenStaleError, RevocationUnknownError */
  async assertStands(token: RevocableToken): Promise<void> {
    await this.feed.assertCurrent();
    const refusal = this.denylist.refusal(token);
    if (refusal === 'revoked') throw new TokenRevokedError();
    if (refusal === 'stale') throw new TokenStaleError();
  }

  /** False also where it cannot be told at once. */
  isKnownToStand(token: RevocableToken): boolean {
    return this.feed.isCurrent() && this.denylist.refusal(token) === undefined;
  }
}
