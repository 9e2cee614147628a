import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../crypto/data-keys.js';
import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import { addSeconds } from '../shared/clock.js';

/** How many in how long, in seconds, from the first. */
export interface WindowPolicy {
  readonly quota: number;
  readonly windowSeconds: number;
}

/** One that was counted, or refused because as many are counted already. */
export interface Reservation {
  readonly granted: boolean;
  readonly bucket: Buffer;
  readonly count: number;
  /** How many of them have come to nothing for good: the rest are under way. */
  readonly failed: number;
  readonly windowEndsAt: Date;
}

interface CounterRow {
  readonly count: number;
  readonly failed: number;
  readonly windowEndsAt: Date;
}

const COLUMNS = 'tries AS count, failed, window_ends_at AS "windowEndsAt"';
const RESERVE = `
  INSERT INTO guesses AS g (bucket, tries, window_ends_at) VALUES ($1, 1, $3)
  ON CONFLICT (bucket) DO UPDATE
    SET tries = CASE WHEN g.window_ends_at <= $2 THEN 1 ELSE g.tries + 1 END,
        failed = CASE WHEN g.window_ends_at <= $2 THEN 0 ELSE g.failed END,
        window_ends_at = CASE WHEN g.window_ends_at <= $2 THEN $3 ELSE g.window_ends_at END
    WHERE g.window_ends_at <= $2 OR g.tries < $4
  RETURNING ${COLUMNS}`;

/** Counters that neither a restart nor a second instance resets: in Postgres, under keyed hashes of what they count. */
@Injectable()
export class WindowCounters {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
  ) {}

  /** Counts one in one atomic statement, so that parallel ones cannot slip through. */
  async reserve(subject: readonly string[], policy: WindowPolicy, now: Date): Promise<Reservation> {
    const bucket = await this.bucketOf(subject);
    const windowEndsAt = addSeconds(now, policy.windowSeconds);
    const reserved = await row<CounterRow>(this.dataSource, RESERVE, [bucket, now, windowEndsAt, policy.quota]);
    const state = reserved ?? (await this.read(bucket)) ?? { count: policy.quota, failed: 0, windowEndsAt };
    return { granted: reserved !== undefined, bucket, ...state };
  }

  async giveBack(bucket: Buffer): Promise<void> {
    await this.dataSource.query('UPDATE guesses SET tries = tries - 1 WHERE bucket = $1 AND tries > failed', [bucket]);
  }

  async fail(bucket: Buffer): Promise<void> {
    await this.dataSource.query('UPDATE guesses SET failed = failed + 1 WHERE bucket = $1 AND failed < tries', [
      bucket,
    ]);
  }

  async reset(on: Executor, bucket: Buffer): Promise<void> {
    await on.query('DELETE FROM guesses WHERE bucket = $1', [bucket]);
  }

  private read(bucket: Buffer): Promise<CounterRow | undefined> {
    return row(this.dataSource, `SELECT ${COLUMNS} FROM guesses WHERE bucket = $1`, [bucket]);
  }

  private async bucketOf(subject: readonly string[]): Promise<Buffer> {
    return createHmac('sha256', await this.dataKeys.key('guesses'))
      .update(JSON.stringify(subject))
      .digest();
  }
}
