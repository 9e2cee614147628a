/** What can be revoked, and how it is named: a session's, token's, user's or key's id; `*` for an era. */
export type RevocationKind = 'session' | 'token' | 'user' | 'key' | 'era';

export interface Revocation {
  readonly kind: RevocationKind;
  readonly subject: string;
  /** Of a user or an era: the least version that is still good. */
  readonly minimum: number | null;
  /** When no token that it could refuse can be alive any more. */
  readonly expiresAt: Date;
}

/** What the denylist needs to know of a token. */
export interface RevocableToken {
  readonly tokenId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly keyId: string;
  readonly ver: number;
  readonly era: number;
}

interface Entry {
  readonly minimum: number;
  readonly expiresAtMs: number;
}

/**
 * The revocations that can still matter, in memory, so that the guard reads no database. Ids and versions decide, never
 * times. Applying one twice, or out of order, changes nothing. Bounded by expiry: `prune` drops what has run out.
 */
export class Denylist {
  private readonly entries: Record<RevocationKind, Map<string, Entry>> = {
    session: new Map(),
    token: new Map(),
    user: new Map(),
    key: new Map(),
    era: new Map(),
  };

  get size(): number {
    return Object.values(this.entries).reduce((sum, entries) => sum + entries.size, 0);
  }

  apply({ kind, subject, minimum, expiresAt }: Revocation): void {
    const known = this.entries[kind].get(subject);
    this.entries[kind].set(subject, {
      minimum: Math.max(minimum ?? 0, known?.minimum ?? 0),
      expiresAtMs: Math.max(expiresAt.getTime(), known?.expiresAtMs ?? 0),
    });
  }

  /**
   * @returns `revoked` where the session, the token or everyone's is ended; `stale` where the user's rights or the key
   * changed, so that a refresh mends it; undefined where the token stands
   */
  refusal(token: RevocableToken): 'revoked' | 'stale' | undefined {
    const { session, token: tokens, user, key, era } = this.entries;
    if (session.has(token.sessionId) || tokens.has(token.tokenId)) return 'revoked';
    if (token.era < (era.get('*')?.minimum ?? 0)) return 'revoked';
    if (token.ver < (user.get(token.userId)?.minimum ?? 0) || key.has(token.keyId)) return 'stale';
    return undefined;
  }

  prune(now: Date): void {
    for (const entries of Object.values(this.entries)) {
      for (const [subject, entry] of entries) if (entry.expiresAtMs <= now.getTime()) entries.delete(subject);
    }
  }
}
