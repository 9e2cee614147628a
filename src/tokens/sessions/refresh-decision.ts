import { addSeconds, earlierOf } from '../../shared/clock.js';

/** The part of a session that decides what a presented generation is worth. */
export interface RefreshState {
  readonly generation: number;
  /** When the previous generation, and the one before it, were spent. */
  readonly rotatedAt: Date | null;
  readonly previousRotatedAt: Date | null;
  readonly idempotencyKeyHash: Buffer | null;
  readonly idleExpiresAt: Date;
  readonly absoluteExpiresAt: Date;
  readonly revokedAt: Date | null;
}

export interface RefreshAttempt {
  readonly generation: number;
  readonly idempotencyKeyHash: Buffer | null;
  readonly now: Date;
  readonly graceSeconds: number;
}

/** See the table in the contract, §2. */
export type RefreshDecision = 'rotate' | 'repeat' | 'superseded' | 'resume' | 'reuse' | 'expired' | 'revoked';

/** Decides what an authentic refresh token is answered with. Pure: what follows from it is the caller's. */
export function decideRefresh(session: RefreshState, attempt: RefreshAttempt): RefreshDecision {
  if (session.revokedAt) return 'revoked';
  if (earlierOf(session.idleExpiresAt, session.absoluteExpiresAt) <= attempt.now) return 'expired';
  const behind = session.generation - attempt.generation;
  if (behind === 0) return 'rotate';
  if (behind < 0) return 'resume';
  if (behind === 1 && (within(session.rotatedAt, attempt) || sameKey(session, attempt))) return 'repeat';
  if (behind === 2 && within(session.previousRotatedAt, attempt)) return 'superseded';
  return 'reuse';
}

function within(spentAt: Date | null, { now, graceSeconds }: RefreshAttempt): boolean {
  return spentAt !== null && now <= addSeconds(spentAt, graceSeconds);
}

function sameKey(session: RefreshState, attempt: RefreshAttempt): boolean {
  if (!session.idempotencyKeyHash || !attempt.idempotencyKeyHash) return false;
  return session.idempotencyKeyHash.equals(attempt.idempotencyKeyHash);
}
