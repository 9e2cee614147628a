import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { assertStillAdmin } from '../../security/admin-standing.js';
import { Clock } from '../../shared/clock.js';
import type { SessionId } from '../../shared/ids.js';
import { Revocations } from '../revocation/revocations.js';
import { closeSignIns } from '../sessions/sign-in-gate.js';
import { NOT_REVOKED, notExpired } from '../sessions/live-session.js';
import { BulkEvents } from './bulk-events.js';
import { resultOf } from './bulk-request.js';
import type { BulkOutcome, BulkRequest, BulkResult } from './bulk-request.js';
import { EraSweep } from './era-sweep.js';

const COUNT = `SELECT count(*)::int AS live FROM sessions WHERE ${NOT_REVOKED} AND ${notExpired('$1')}`;

const RAISE = `
  WITH raised AS (
    UPDATE deployment SET era = era + 1 RETURNING era
  ), recorded AS (
    INSERT INTO era_raises (era, raised_at, raised_by, reason) SELECT era, $1, $2, $3 FROM raised
  )
  SELECT era FROM raised`;

/** Before the era is raised: from then on the session is one of those that have ended. */
const SPARE = `
  UPDATE sessions SET era = era + 1 WHERE id = $1 AND ${NOT_REVOKED} AND ${notExpired('$2')} RETURNING id`;

/** Ends everyone's sessions at once, however many there are: by raising the era that tokens carry. */
@Injectable()
export class EveryoneRevocation {
  constructor(
    private readonly dataSource: DataSource,
    private readonly revocations: Revocations,
    private readonly events: BulkEvents,
    private readonly sweep: EraSweep,
    private readonly clock: Clock,
  ) {}

  /**
   * Refuses every token and session of before from now on. The rows of the sessions say so later, one batch after another.
   * The caller's own lives on in the new era unless it is included: a refresh gives it tokens of that.
   * @throws CountMismatchError: then none was ended
   */
  async revoke(request: BulkRequest): Promise<BulkResult> {
    const now = this.clock.now();
    if (request.dryRun) {
      const counted = await count(this.dataSource, request, now);
      return resultOf(counted.outcome === 'revoked' ? { ...counted, revoked: 0 } : counted, Infinity);
    }
    const outcome = await this.revocations.transaction(async (tx) => {
      // Sign-ins under way are waited for, and counted; those that come wait. So does whoever else signs everyone out.
      await closeSignIns(tx);
      await assertStillAdmin(tx, request.by.actor);
      const counted = await count(tx, request, now);
      return counted.outcome === 'revoked' ? this.raise(tx, counted.matched, request, now) : counted;
    });
    if (outcome.outcome === 'revoked') this.sweep.begin();
    return resultOf(outcome, Infinity);
  }

  private async raise(tx: EntityManager, matched: number, request: BulkRequest, now: Date): Promise<BulkOutcome> {
    const spared = request.includeSelf ? undefined : await spare(tx, request.by.actor.sessionId, now);
    const raised = await row<{ era: number }>(tx, RAISE, [now, request.by.actor.userId, request.reason]);
    if (!raised) throw new Error('there is no deployment');
    await this.revocations.append(tx, [{ kind: 'era', subject: '*', minimum: raised.era, spared }], now);
    const result = { matched, revoked: matched - (spared === undefined ? 0 : 1) };
    await this.events.revoked(tx, { filter: 'all', result, request }, now);
    return { outcome: 'revoked', ...result };
  }
}

async function count(on: Executor, { expected }: BulkRequest, now: Date): Promise<BulkOutcome> {
  const matched = (await row<{ live: number }>(on, COUNT, [now]))?.live ?? 0;
  if (expected !== undefined && expected !== matched) return { outcome: 'count_mismatch', matched };
  return { outcome: 'revoked', matched, revoked: matched };
}

async function spare(tx: Executor, id: SessionId, now: Date): Promise<SessionId | undefined> {
  return (await row<{ id: SessionId }>(tx, SPARE, [id, now]))?.id;
}
