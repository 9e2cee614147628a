/** What can be revoked, and how it is named: a session's, token's, user's or key's id; `*` for an era. */
export type RevocationKind = 'session' | 'token' | 'user' | 'key' | 'era';

export interface Revocation {
  readonly kind: RevocationKind;
  readonly subject: string;
  /** Of a user or an era: the least version that is still good. */
  readonly minimum: number | null;
  /** Of an era: the one session that lives on in it. Its older tokens are refused like all others, but a refresh mends that. */
  readonly spared?: string | null;
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
  /** Sessions that live on in a new era, and in which. */
  private readonly spared = new Map<string, Entry>();

  get size(): number {
    return Object.values(this.entries).reduce((sum, entries) => sum + entries.size, 0);
  }

  apply({ kind, subject, minimum, spared = null, expiresAt }: Revocation): void {
    const entry = { minimum: minimum ?? 0, expiresAtMs: expiresAt.getTime() };
    raise(this.entries[kind], subject, entry);
    if (spared !== null) raise(this.spared, spared, entry);
  }

  /**
   * @returns `revoked` where the session, the token or everyone's is ended; `stale` where the user's rights or the key
   * changed, or where the session was spared when everyone else's ended, so that a refresh mends it; undefined where the token stands
   */
  refusal(token: RevocableToken): 'revoked' | 'stale' | undefined {
    const { session, token: tokens, user, key, era } = this.entries;
    if (session.has(token.sessionId) || tokens.has(token.tokenId)) return 'revoked';
    const currentEra = era.get('*')?.minimum ?? 0;
    if (token.era < currentEra) return this.isSpared(token.sessionId, currentEra) ? 'stale' : 'revoked';
    if (token.ver < (user.get(token.userId)?.minimum ?? 0) || key.has(token.keyId)) return 'stale';
    return undefined;
  }

  prune(now: Date): void {
    for (const entries of [...Object.values(this.entries), this.spared]) {
      for (const [subject, entry] of entries) if (entry.expiresAtMs <= now.getTime()) entries.delete(subject);
    }
  }

  /** Of the newest era: a session that an older one spared has ended with the next. */
  private isSpared(sessionId: string, currentEra: number): boolean {
    return (this.spared.get(sessionId)?.minimum ?? 0) >= currentEra;
  }
}

function raise(entries: Map<string, Entry>, subject: string, { minimum, expiresAtMs }: Entry): void {
  const known = entries.get(subject);
  entries.set(subject, {
    minimum: Math.max(minimum, known?.minimum ?? 0),
    expiresAtMs: Math.max(expiresAtMs, known?.expiresAtMs ?? 0),
  });
}
