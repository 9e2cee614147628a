import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import { AuditLog } from '../../audit/audit-log.js';
import type { AuditEvent } from '../../audit/audit-event.js';
import { row, rows } from '../../database/sql.js';
import { Clock } from '../../shared/clock.js';
import { asSessionId } from '../../shared/ids.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import { Revocations } from '../revocation/revocations.js';

const EVERY_MS = 5_000;
const BATCH = 1_000;
/** Any number that no other lock of ours has. */
const SWEEP_LOCK = 0x65726173;
/** Below every id. */
const START = asSessionId('00000000-0000-0000-0000-000000000000');

/**
 * A session has ended with the first raise after it was opened, if it was live then. Rows that are locked are waited for, in
 * the order in which others lock them: passed over, they would have to be looked for again.
 */
const END_BATCH = `
  WITH due AS (
    SELECT id FROM sessions WHERE id > $1 AND era < $2 AND revoked_at IS NULL ORDER BY id LIMIT ${BATCH} FOR UPDATE
  ), ended AS (
    UPDATE sessions SET revoked_at = raise.raised_at, revoked_reason = raise.reason
    FROM due, era_raises raise
    WHERE sessions.id = due.id AND raise.era = sessions.era + 1
      AND sessions.idle_expires_at > raise.raised_at AND sessions.absolute_expires_at > raise.raised_at
    RETURNING sessions.id, sessions.user_id, raise.era
  )
  SELECT due.id, ended.user_id AS "userId", raise.reason, raise.raised_by AS "actorId"
  FROM due LEFT JOIN ended ON ended.id = due.id LEFT JOIN era_raises raise ON raise.era = ended.era
  ORDER BY due.id`;

interface DueRow {
  readonly id: SessionId;
  /** Of one that was live when its era ended; null for the others. */
  readonly userId: UserId | null;
  readonly reason: string;
  readonly actorId: UserId;
}

const FINISH = 'UPDATE deployment SET ended_era = $1 WHERE ended_era < $1';

/**
 * Lets the rows of sessions say that they have ended when everyone was signed out. They are refused without it; so it takes
 * its time, in batches, and any instance goes on where one has gone: what is left to do stands in the database alone.
 */
@Injectable()
export class EraSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(EraSweep.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly revocations: Revocations,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.begin();
    }, EVERY_MS);
    this.timer.unref();
    this.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Does what there is to do, in the background. */
  begin(): void {
    if (this.stopped) return;
    this.running ??= this.run()
      .catch((error: unknown) => {
        if (!this.stopped) this.logger.warn(`ended sessions could not be marked: ${String(error)}`);
      })
      .finally(() => (this.running = undefined));
  }

  /**
   * Goes through the sessions once, unless there is nothing to do or another instance is at it. A sign-in that was under way
   * when the era was raised may leave a row behind that still says nothing: it is refused like all others.
   */
  async run(): Promise<void> {
    const due = await row<{ era: number }>(this.dataSource, 'SELECT era FROM deployment WHERE ended_era < era');
    if (!due) return;
    let after: SessionId | 'end' | 'busy' = START;
    while (after !== 'end' && after !== 'busy') {
      if (this.stopped) return;
      after = await this.endBatch(after, due.era);
    }
    if (after === 'end') await this.dataSource.query(FINISH, [due.era]);
  }

  /** @returns the last id that it has seen to; `busy` where another instance is at it */
  private async endBatch(after: SessionId, era: number): Promise<SessionId | 'end' | 'busy'> {
    return this.revocations.transaction(async (tx) => {
      if (!(await isAlone(tx))) return 'busy';
      const due = await rows<DueRow>(tx, END_BATCH, [after, era]);
      await this.audit.appendAll(eventsOf(due, this.clock.now()), tx);
      return due.at(-1)?.id ?? 'end';
    });
  }
}

/** One for each user whose sessions are among them, for their own history: the call itself has its event. */
function eventsOf(due: readonly DueRow[], at: Date): AuditEvent[] {
  const events = new Map<string, AuditEvent>();
  for (const { userId, reason, actorId } of due) {
    if (userId === null) continue;
    const key = JSON.stringify([userId, reason, actorId]);
    const sessions = Number(events.get(key)?.details.sessions ?? 0) + 1;
    const event = { type: 'session_revoked', at, actorId, userId, outcome: 'success' } as const;
    events.set(key, { ...event, details: { reason, sessions } });
  }
  return [...events.values()];
}

async function isAlone(tx: EntityManager): Promise<boolean> {
  const lock = await row<{ mine: boolean }>(tx, 'SELECT pg_try_advisory_xact_lock($1) AS mine', [SWEEP_LOCK]);
  return lock?.mine === true;
}
