import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { addSeconds } from '../../shared/clock.js';
import { Denylist } from './denylist.js';
import type { Revocation, RevocationKind } from './denylist.js';
import { RevocationFeed } from './revocation-feed.js';
import { RevocationSignal } from './revocation-signal.js';
import { CommitUnknownError, RevocationUnknownError } from '../tokens.errors.js';

/**
 * How long a revocation is told: longer than any access token may live (60 min), whatever the settings, so that a
 * changed setting or a clock that is off cannot bring a revoked token back.
 */
const REVOCATION_LIFE_SECONDS = 70 * 60;

export interface RevocationSubject {
  readonly kind: RevocationKind;
  readonly subject: string;
  readonly minimum?: number;
  /** Of an era: the session that lives on in it. */
  readonly spared?: string | undefined;
}

/**
 * The one door through which anything is revoked: appended in the transaction of the change that causes it, and
 * refused here as soon as that has committed, before the caller is answered.
 */
@Injectable()
export class Revocations {
  private readonly appended = new WeakMap<EntityManager, Revocation[]>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly denylist: Denylist,
    private readonly signal: RevocationSignal,
    private readonly feed: RevocationFeed,
  ) {}

  /**
   * Runs a transaction and applies what was appended in it once it has committed.
   * @throws CommitUnknownError where the connection was lost while committing: what was appended is applied all the same
   */
  async transaction<Result>(work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    const pending: Revocation[] = [];
    const progress = { stage: 'working' as 'working' | 'committing' };
    try {
      const result = await this.dataSource.transaction(async (tx) => {
        this.appended.set(tx, pending);
        const done = await work(tx);
        progress.stage = 'committing';
        return done;
      });
      this.apply(pending);
      return result;
    } catch (error) {
      if (progress.stage === 'working') throw error;
      this.apply(pending);
      throw new CommitUnknownError(error);
    }
  }

  /** Appends to the feed, in a transaction that `transaction` opened. */
  async append(tx: EntityManager, subjects: readonly RevocationSubject[], now: Date): Promise<void> {
    const pending = this.appended.get(tx);
    if (!pending) throw new Error('a revocation is appended in a transaction of Revocations.transaction');
    if (subjects.length === 0) return;
    const expiresAt = addSeconds(now, REVOCATION_LIFE_SECONDS);
    await tx.query(
      `INSERT INTO revocations (kind, subject, minimum, spared, expires_at)
       SELECT kind, subject, minimum, spared, $5
       FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[]) AS of (kind, subject, minimum, spared)`,
      [
        subjects.map(({ kind }) => kind),
        subjects.map(({ subject }) => subject),
        subjects.map(({ minimum }) => minimum ?? null),
        subjects.map(({ spared }) => spared ?? null),
        expiresAt,
      ],
    );
    pending.push(
      ...subjects.map(({ minimum = null, spared = null, ...named }) => ({ ...named, minimum, spared, expiresAt })),
    );
  }

  /**
   * Refuses here what another call has revoked and committed: perhaps at another instance, a moment ago, so that this one has
   * not read of it yet. Whoever asks to end what has ended is owed the same as whoever ended it.
   */
  applyEnded(subjects: readonly RevocationSubject[], now: Date): void {
    const expiresAt = addSeconds(now, REVOCATION_LIFE_SECONDS);
    for (const { kind, subject, minimum = null } of subjects) {
      this.denylist.apply({ kind, subject, minimum, expiresAt });
    }
  }

  /**
   * The same where nothing says what that was: learns of all that has been committed. Call it outside of a transaction, before
   * answering somebody who found everything ended already.
   * @throws RevocationUnknownError where it cannot be learnt now
   */
  async applyCommitted(): Promise<void> {
    try {
      await this.feed.readAnew();
    } catch (error) {
      throw new RevocationUnknownError(error);
    }
  }

  private apply(revocations: readonly Revocation[]): void {
    for (const revocation of revocations) this.denylist.apply(revocation);
    if (revocations.length > 0) this.signal.send();
  }
}
