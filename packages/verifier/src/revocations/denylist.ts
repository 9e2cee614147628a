import type { Revocation, RevocationKind } from './revocation.js';

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
 * The revocations that can still matter, with the meaning that they have at Gatehouse itself. Ids and versions decide, never
 * times; to apply one twice, or out of order, changes nothing. Bounded by expiry (`prune`) and by `atMost`.
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

  /** @param atMost how many are held */
  constructor(private readonly atMost: number) {}

  get size(): number {
    return Object.values(this.entries).reduce((sum, entries) => sum + entries.size, 0);
  }

  /** @throws Error where it is full: none that is held may be dropped to make room */
  apply({ kind, subject, minimum = 0, spared, expiresAtMs }: Revocation): void {
    const isNew = !this.entries[kind].has(subject);
    if (isNew && this.size >= this.atMost) throw new Error(`more than ${this.atMost} revocations are alive`);
    const entry = { minimum, expiresAtMs };
    raise(this.entries[kind], subject, entry);
    if (spared !== undefined) raise(this.spared, spared, entry);
  }

  /**
   * @returns `revoked` where the session, the token or everyone's is ended; `stale` where the user's rights or the key changed,
   * or where the session was spared when everyone else's ended, so that a refresh mends it; undefined where the token stands
   */
  refusal(token: RevocableToken): 'revoked' | 'stale' | undefined {
    const { session, token: tokens, user, era } = this.entries;
    if (session.has(token.sessionId) || tokens.has(token.tokenId)) return 'revoked';
    const currentEra = era.get('*')?.minimum ?? 0;
    if (token.era < currentEra) return this.isSpared(token.sessionId, currentEra) ? 'stale' : 'revoked';
    if (token.ver < (user.get(token.userId)?.minimum ?? 0) || this.names(token.keyId)) return 'stale';
    return undefined;
  }

  /** Whether a key was revoked. */
  names(keyId: string): boolean {
    return this.entries.key.has(keyId);
  }

  prune(nowMs: number): void {
    for (const entries of [...Object.values(this.entries), this.spared]) {
      for (const [subject, { expiresAtMs }] of entries) if (expiresAtMs <= nowMs) entries.delete(subject);
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
