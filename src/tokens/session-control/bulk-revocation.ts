import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { row, rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { assertStillAdmin } from '../../security/admin-standing.js';
import { Clock, addSeconds } from '../../shared/clock.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import { RevocationFeed } from '../revocation/revocation-feed.js';
import { Revocations } from '../revocation/revocations.js';
import {
  IN_FLIGHT_SECONDS,
  NOT_REVOKED,
  TOKEN_LIFE_SECONDS,
  mayHaveToken,
  notExpired,
} from '../sessions/live-session.js';
import { BulkEvents } from './bulk-events.js';
import type { EndedOfUser } from './bulk-events.js';
import { resultOf } from './bulk-request.js';
import type { BulkOutcome, BulkRequest, BulkResult } from './bulk-request.js';
import { SessionConditions, conditionsOf } from './session-filter.js';
import type { SessionFilter } from './session-filter.js';

/** More than these are everyone: `all` ends them without touching each. */
const AT_MOST = 100_000;
/** How many one statement ends: each well within the time that a statement may take. */
const CHUNK = 10_000;

interface Matched {
  readonly id: SessionId;
  /** False where it has just expired: a refresh that began before may still save it, so it is ended as well, uncounted. */
  readonly live: boolean;
  readonly userId: UserId;
}

const END = `
  UPDATE sessions SET revoked_at = $2, revoked_reason = $3
  WHERE id = ANY ($1)
  RETURNING id, ${mayHaveToken('$4')} AS "mayHaveToken"`;

/** Ends the sessions that match a filter. */
@Injectable()
export class BulkRevocation {
  constructor(
    private readonly dataSource: DataSource,
    private readonly revocations: Revocations,
    private readonly feed: RevocationFeed,
    private readonly events: BulkEvents,
    private readonly clock: Clock,
  ) {}

  /**
   * Locks the live sessions that match, in order of their ids, counts them, and ends them if they are as many as expected.
   * Only refreshes of these wait meanwhile.
   * @throws CountMismatchError, TooManyError: then none was ended
   */
  async revoke(filter: SessionFilter, request: BulkRequest): Promise<BulkResult> {
    const now = this.clock.now();
    if (request.dryRun) return resultOf(await this.count(filter, request, now), AT_MOST);
    let caughtUp: Promise<void> | undefined;
    const outcome = await this.revocations.transaction(async (tx): Promise<BulkOutcome> => {
      const matched = await this.lock(tx, filter, now);
      await assertStillAdmin(tx, request.by.actor);
      // What another instance had just ended is not among these, and has been committed: it must be refused here all the same.
      caughtUp = this.feed.readAnew().catch(() => undefined);
      const counted = judge(matched.length, matched.filter(({ live }) => live).length, request);
      if (counted.outcome !== 'revoked') return counted;
      const spared = request.includeSelf ? undefined : request.by.actor.sessionId;
      const ending = matched.filter(({ id }) => id !== spared);
      await this.end(tx, ending, request, now);
      const result = { matched: counted.matched, revoked: ending.filter(({ live }) => live).length };
      await this.events.revoked(tx, { filter, result, request, ended: countByUser(ending) }, now);
      return { outcome: 'revoked', ...result };
    });
    await caughtUp;
    return resultOf(outcome, AT_MOST);
  }

  private async count(filter: SessionFilter, request: BulkRequest, now: Date): Promise<BulkOutcome> {
    const { text, values } = matching(filter, now);
    const counted = await row<{ found: number; live: number }>(
      this.dataSource,
      `SELECT count(*)::int AS found, (count(*) FILTER (WHERE live))::int AS live FROM (${text}) AS matched`,
      values,
    );
    const outcome = judge(counted?.found ?? 0, counted?.live ?? 0, request);
    return outcome.outcome === 'revoked' ? { ...outcome, revoked: 0 } : outcome;
  }

  private lock(tx: Executor, filter: SessionFilter, now: Date): Promise<Matched[]> {
    const { text, values } = matching(filter, now);
    return rows<Matched>(tx, `${text} FOR UPDATE`, values);
  }

  private async end(tx: EntityManager, ending: readonly Matched[], request: BulkRequest, now: Date): Promise<void> {
    const since = addSeconds(now, -TOKEN_LIFE_SECONDS);
    for (let start = 0; start < ending.length; start += CHUNK) {
      const ids = ending.slice(start, start + CHUNK).map(({ id }) => id);
      const ended = await rows<{ id: SessionId; mayHaveToken: boolean }>(tx, END, [ids, now, request.reason, since]);
      const told = ended.filter((session) => session.mayHaveToken);
      await this.revocations.append(
        tx,
        told.map(({ id }) => ({ kind: 'session', subject: id })),
        now,
      );
    }
  }
}

/** Of those that count. */
function countByUser(ending: readonly Matched[]): EndedOfUser[] {
  const counts = new Map<UserId, number>();
  for (const { userId, live } of ending) if (live) counts.set(userId, (counts.get(userId) ?? 0) + 1);
  return [...counts].map(([userId, sessions]) => ({ userId, sessions }));
}

function judge(found: number, live: number, { expected }: BulkRequest): BulkOutcome {
  if (found > AT_MOST) return { outcome: 'too_many' };
  if (expected !== undefined && expected !== live) return { outcome: 'count_mismatch', matched: live };
  return { outcome: 'revoked', matched: live, revoked: live };
}

function matching(filter: SessionFilter, now: Date): { text: string; values: readonly unknown[] } {
  const { active: onlyActive, ...rest } = filter;
  const conditions: SessionConditions = conditionsOf(rest, now);
  const at = conditions.parameter(now);
  const floor = conditions.parameter(addSeconds(now, -IN_FLIGHT_SECONDS));
  // Only what is live can be ended.
  const ended = onlyActive === false ? 'AND false' : '';
  const text = `
    SELECT sessions.id, sessions.user_id AS "userId", ${notExpired(at)} AS live FROM sessions
    WHERE ${conditions.toString()} AND ${NOT_REVOKED} AND ${notExpired(floor)} ${ended}
    ORDER BY sessions.id LIMIT ${AT_MOST + 1}`;
  return { text, values: conditions.values };
}
