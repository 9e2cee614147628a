import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { row, rows } from '../../database/sql.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import { Revocations } from '../revocation/revocations.js';
import type { RevocationSubject } from '../revocation/revocations.js';
import { IN_FLIGHT_SECONDS, NOT_REVOKED, TOKEN_LIFE_SECONDS, mayHaveToken, notExpired } from './live-session.js';
import type { RevocationReason } from './revocation-reason.js';
import { SessionEvents } from './session-events.js';
import type { Ender } from './session-events.js';

interface EndedRow {
  readonly id: SessionId;
  readonly mayHaveToken: boolean;
}

const END_ONE = `
  WITH target AS (
    SELECT id, user_id, ${NOT_REVOKED} AS live FROM sessions
    WHERE id = $1 AND ($4::uuid IS NULL OR user_id = $4) FOR UPDATE
  ), ended AS (
    UPDATE sessions SET revoked_at = $2, revoked_reason = $3
    WHERE id = (SELECT id FROM target WHERE live)
  )
  SELECT user_id AS "userId", live FROM target`;

const END_ALL_OF = `
  UPDATE sessions SET revoked_at = $2, revoked_reason = $3
  WHERE id IN (SELECT id FROM sessions
               WHERE user_id = $1 AND ${NOT_REVOKED} AND ($4::uuid IS NULL OR id <> $4) AND ${notExpired('$5')}
               ORDER BY id FOR UPDATE)
  RETURNING id, ${mayHaveToken('$6')} AS "mayHaveToken"`;

const asSubject = ({ id }: { readonly id: SessionId }): RevocationSubject => ({ kind: 'session', subject: id });

/** Ends sessions: one, or those of a user. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly revocations: Revocations,
    private readonly events: SessionEvents,
    private readonly clock: Clock,
  ) {}

  /**
   * Revokes one session; one that has ended already is left as it is.
   * @param owner only if it is this user's
   * @returns whether there is such a session
   */
  async revoke(id: SessionId, reason: RevocationReason, by: Ender, owner?: UserId): Promise<boolean> {
    const now = this.clock.now();
    const isThere = await this.revocations.transaction(async (tx) => {
      const found = await row<{ userId: UserId; live: boolean }>(tx, END_ONE, [id, now, reason, owner ?? null]);
      const ended = [{ kind: 'session', subject: id }] as const;
      if (found?.live) {
        await this.revocations.append(tx, ended, now);
        await this.events.ended(tx, { userId: found.userId, reason, ids: [id] }, by, now);
      } else if (found) this.revocations.applyEnded(ended, now);
      return found !== undefined;
    });
    // Gone with its user, perhaps a moment ago.
    if (!isThere) await this.revocations.applyCommitted();
    return isThere;
  }

  /**
   * Revokes the user's live sessions.
   * @param keep but not this one
   * @returns how many there were
   */
  async revokeAllOf(userId: UserId, reason: RevocationReason, by: Ender, keep?: SessionId): Promise<number> {
    const now = this.clock.now();
    const ended = await this.revocations.transaction(async (tx) => {
      const ids = await this.end(tx, userId, reason, now, keep);
      await this.events.ended(tx, { userId, reason, ids }, by, now);
      return ids.length;
    });
    // The user may be gone, or everyone signed out, since a moment ago.
    if (ended === 0) await this.revocations.applyCommitted();
    return ended;
  }

  /**
   * The same in the transaction of a change that ends them, which must be one of `Revocations.transaction` and has an
   * event of its own.
   */
  async endAllOf(
    tx: EntityManager,
    userId: UserId,
    reason: RevocationReason,
    now: Date,
    keep?: SessionId,
  ): Promise<number> {
    return (await this.end(tx, userId, reason, now, keep)).length;
  }

  /**
   * The session's user has shown a second factor since: its tokens say so from the next refresh (RFC 8176).
   * @returns false where it has ended
   */
  async recordSecondFactor(tx: EntityManager, userId: UserId, id: SessionId): Promise<boolean> {
    const recorded = await row(
      tx,
      // All of the user's are locked, in the order in which others end them: two that each held one would wait for one another.
      `WITH live AS MATERIALIZED (
         SELECT id FROM sessions WHERE user_id = $1 AND ${NOT_REVOKED} ORDER BY id FOR UPDATE
       )
       UPDATE sessions SET amr = '{pwd,otp}' FROM live WHERE sessions.id = live.id AND live.id = $2 RETURNING live.id`,
      [userId, id],
    );
    return recorded !== undefined;
  }

  private async end(
    tx: EntityManager,
    userId: UserId,
    reason: RevocationReason,
    now: Date,
    keep: SessionId | undefined,
  ): Promise<SessionId[]> {
    const ended = await rows<EndedRow>(tx, END_ALL_OF, [
      userId,
      now,
      reason,
      keep ?? null,
      addSeconds(now, -IN_FLIGHT_SECONDS),
      addSeconds(now, -TOKEN_LIFE_SECONDS),
    ]);
    await this.revocations.append(tx, ended.filter((session) => session.mayHaveToken).map(asSubject), now);
    const ids = ended.map(({ id }) => id);
    await this.applyEndedLately(tx, userId, ids, now);
    return ids;
  }

  /** What another call has ended a moment ago is not among those that this one ends, yet must be refused here all the same. */
  private async applyEndedLately(
    tx: EntityManager,
    userId: UserId,
    ended: readonly SessionId[],
    now: Date,
  ): Promise<void> {
    const lately = await rows<{ id: SessionId }>(
      tx,
      'SELECT id FROM sessions WHERE user_id = $1 AND revoked_at > $2 AND NOT id = ANY ($3)',
      [userId, addSeconds(now, -IN_FLIGHT_SECONDS), ended],
    );
    this.revocations.applyEnded(lately.map(asSubject), now);
  }
}
