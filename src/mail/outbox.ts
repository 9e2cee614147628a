import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import { prepared } from '../database/prepared-statements.js';
import { row, rows } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import { addSeconds } from '../shared/clock.js';
import { asUserId, newId } from '../shared/ids.js';
import type { MailDetails, MailJob, MailPurpose } from './mail-job.js';
import { isGivenUp, retryDelaySeconds } from './retry-plan.js';

/** Longer than a try can take: should whoever took the mail die, another takes it then. */
const LEASE_SECONDS = 90;
/** Long enough for the cause to commit, and for its answer to leave before mail is composed. */
const WAKE_AFTER_MS = 50;
export const MOST_COUNTED = 10_000;

/** A mail that is owed, taken to be sent. */
export interface OwedMail extends MailJob {
  readonly id: string;
  /** 1 at the first. */
  readonly attempts: number;
  readonly createdAt: Date;
}

interface OwedRow {
  readonly id: string;
  readonly purpose: MailPurpose;
  readonly user_id: string | null;
  readonly recipient: string | null;
  readonly details: MailDetails;
  readonly attempts: number;
  readonly created_at: Date;
}

/** MATERIALIZED: the planner may otherwise run the limited query more than once, and take more than the limit. */
const CLAIM = prepared(`
  WITH due AS MATERIALIZED (
    SELECT id FROM mail_outbox WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED)
  UPDATE mail_outbox owed SET attempts = owed.attempts + 1, next_attempt_at = $3 FROM due WHERE owed.id = due.id
  RETURNING owed.id, purpose, user_id, recipient, details, attempts, created_at`);

/** Mail that is owed: written in the transaction of what causes it, so that neither exists without the other. */
@Injectable()
export class Outbox {
  private onOwed: (() => void) | undefined;
  private waking: NodeJS.Timeout | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
  ) {}

  /** @param tx the transaction of the cause. With `MAIL=off` nothing is owed. */
  async add(tx: Executor, { purpose, userId, to, details }: MailJob): Promise<void> {
    if (this.config.mail.kind === 'off') return;
    await tx.query(
      `INSERT INTO mail_outbox (id, purpose, user_id, recipient, details, created_at, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, $6, $6)`,
      [newId(), purpose, userId ?? null, to ?? null, details, details.at],
    );
    this.wakeSoon();
  }

  /** @param onOwed is called soon after mail was added here; only a hint, since its transaction may not have ended yet */
  follow(onOwed: () => void): void {
    this.onOwed = onOwed;
  }

  /**
   * Takes mail that is due, the longest waiting first: no other instance gets it before the lease of 90 s ends. With
   * `MAIL=off`, what was owed before stays as it is.
   */
  async claim(limit: number, now: Date): Promise<OwedMail[]> {
    if (this.config.mail.kind === 'off') return [];
    const values = [now, limit, addSeconds(now, LEASE_SECONDS)];
    return (await rows<OwedRow>(this.dataSource, CLAIM, values)).map(fromRow);
  }

  /** Forgets a mail that has been sent, or that need not be. */
  async done(id: string): Promise<void> {
    await this.dataSource.query('DELETE FROM mail_outbox WHERE id = $1', [id]);
  }

  /**
   * Puts a mail off after a try that failed, unless another instance has taken it since.
   * @returns `given_up` where it has been owed for so long that it was forgotten
   */
  async failed({ id, attempts, createdAt }: OwedMail, now: Date): Promise<'put_off' | 'given_up'> {
    if (isGivenUp(createdAt, now)) {
      await this.dataSource.query('DELETE FROM mail_outbox WHERE id = $1 AND attempts = $2', [id, attempts]);
      return 'given_up';
    }
    const next = addSeconds(now, retryDelaySeconds(attempts));
    const sql = 'UPDATE mail_outbox SET next_attempt_at = $3 WHERE id = $1 AND attempts = $2';
    await this.dataSource.query(sql, [id, attempts, next]);
    return 'put_off';
  }

  /** How much mail is owed, by all instances, and since when. Counted up to 10,000, so that asking costs no more. */
  async owed(): Promise<{ readonly count: number; readonly oldest: Date | null }> {
    const counted = await row<{ count: number; oldest: Date | null }>(
      this.dataSource,
      `SELECT (SELECT count(*)::int FROM (SELECT FROM mail_outbox LIMIT ${MOST_COUNTED}) AS owed) AS count,
              (SELECT created_at FROM mail_outbox ORDER BY id LIMIT 1) AS oldest`,
    );
    return counted ?? { count: 0, oldest: null };
  }

  private wakeSoon(): void {
    this.waking ??= setTimeout(() => {
      this.waking = undefined;
      this.onOwed?.();
    }, WAKE_AFTER_MS).unref();
  }
}

const fromRow = (owed: OwedRow): OwedMail => ({
  id: owed.id,
  purpose: owed.purpose,
  userId: owed.user_id === null ? undefined : asUserId(owed.user_id),
  to: owed.recipient ?? undefined,
  details: owed.details,
  attempts: owed.attempts,
  createdAt: owed.created_at,
});
