import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../../crypto/data-keys.js';
import { prepared } from '../../database/prepared-statements.js';
import { rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';

/** How many in how long, in seconds from the first, and what follows once they are spent. */
export interface CounterPolicy {
  readonly quota: number;
  readonly windowSeconds: number;
  /** Instead of until the end of the window, one waits this long, then twice as long after each further one, and so on. */
  readonly waits?: {
    readonly firstSeconds: number;
    readonly longestSeconds: number;
    /** What the quota is of, and what doubles: those of the window, or those since the last success, however slow. */
    readonly spentBy: 'tries_in_window' | 'tries_in_a_row';
    /** So many without a success between them block for good: until `forget`. */
    readonly mostInARow?: number;
  };
}

/** What is counted under which policy. */
export interface Counted {
  readonly subject: readonly string[];
  readonly policy: CounterPolicy;
}

export interface CounterState {
  readonly bucket: Buffer;
  /** Of the window, those included that are under way. */
  readonly tries: number;
  /** Of the window, those that have come to nothing for good. */
  readonly failed: number;
  /** In a row, whatever their windows, those included that are under way; 0 where there are no waits. */
  readonly streak: number;
  readonly windowEndsAt: Date;
  /** `'for good'`: until `forget`. */
  readonly blockedUntil: Date | 'for good' | undefined;
}

export interface Reservation {
  /** False where one of them is blocked: then none is counted. */
  readonly granted: boolean;
  /** In the order in which they were asked for. */
  readonly states: readonly CounterState[];
}

interface CounterRow extends Omit<CounterState, 'blockedUntil'> {
  readonly blockedUntil: Date | number | null;
}

/** What has not happened for this long after the last wait is over counts as calm again. */
const CALM_SECONDS = 24 * 60 * 60;

const COLUMNS = 'bucket, tries, failed, streak, window_ends_at AS "windowEndsAt", blocked_until AS "blockedUntil"';

/**
 * One statement reserves all or, where one is seen to be blocked, none. Rows are locked in the order of their buckets, so
 * that no two statements wait for each other. `window_ends_at` of a spent counter with waits is when it counts as calm.
 */
const RESERVE = prepared(`
  WITH asked AS (
    SELECT * FROM unnest($2::bytea[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::boolean[])
      AS asked (bucket, quota, window_seconds, first_wait, longest_wait, most, by_streak)
  )
  INSERT INTO guesses AS g (bucket, tries, streak, window_ends_at, blocked_until)
  SELECT bucket, 1, CASE WHEN first_wait IS NULL THEN 0 ELSE 1 END, $1::timestamptz + make_interval(secs => window_seconds), NULL
  FROM asked
  WHERE NOT EXISTS (SELECT FROM guesses blocked JOIN asked USING (bucket) WHERE blocked.blocked_until > $1::timestamptz)
  ORDER BY bucket
  ON CONFLICT (bucket) DO UPDATE SET (tries, failed, streak, window_ends_at, blocked_until) = (
    SELECT next.tries, CASE WHEN g.window_ends_at > $1::timestamptz THEN g.failed ELSE 0 END, next.streak,
           CASE WHEN next.waits_until IS NOT NULL THEN next.waits_until + make_interval(secs => ${CALM_SECONDS})
                ELSE next.window_ends_at END,
           CASE WHEN next.streak >= next.most THEN 'infinity'
                WHEN next.waits_until IS NOT NULL THEN next.waits_until
                WHEN next.tries >= next.quota THEN next.window_ends_at END
    FROM (
      SELECT n.*, CASE WHEN n.first_wait IS NOT NULL AND n.spent >= n.quota THEN $1::timestamptz + make_interval(
               secs => least(n.longest_wait, n.first_wait * 2.0 ^ least(n.spent - n.quota, 30))) END AS waits_until
      FROM (
        SELECT asked.*, CASE WHEN asked.by_streak THEN g.streak WHEN g.window_ends_at > $1::timestamptz THEN g.tries ELSE 0 END + 1 AS spent,
               CASE WHEN asked.first_wait IS NULL THEN 0 ELSE g.streak + 1 END AS streak,
               CASE WHEN g.window_ends_at > $1::timestamptz THEN g.tries ELSE 0 END + 1 AS tries,
               CASE WHEN g.window_ends_at > $1::timestamptz THEN g.window_ends_at
                    ELSE $1::timestamptz + make_interval(secs => asked.window_seconds) END AS window_ends_at
        FROM asked WHERE asked.bucket = g.bucket
      ) n
    ) next
  )
  WHERE g.blocked_until IS NULL OR g.blocked_until <= $1::timestamptz
  RETURNING ${COLUMNS}`);

/** In the order of their buckets, as every statement takes them. */
const LOCKED = 'SELECT bucket FROM guesses WHERE bucket = ANY ($1) ORDER BY bucket FOR UPDATE';
const GIVE_BACK = prepared(`
  UPDATE guesses SET tries = tries - 1, streak = greatest(streak - 1, 0), blocked_until = NULL
  WHERE bucket IN (${LOCKED}) AND tries > failed`);
const FAIL = prepared(
  `UPDATE guesses SET failed = failed + 1 WHERE bucket IN (${LOCKED}) AND failed < tries RETURNING ${COLUMNS}`,
);
const FORGET = prepared(`DELETE FROM guesses WHERE bucket IN (${LOCKED}) RETURNING ${COLUMNS}`);
const READ = prepared(`SELECT ${COLUMNS} FROM guesses WHERE bucket = ANY ($1)`);

/** Counters that neither a restart nor a second instance resets: in Postgres, under keyed hashes of what they count. */
@Injectable()
export class GuessCounters {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
  ) {}

  /** Counts one under each in one atomic statement, so that parallel ones cannot slip through; all or none. */
  async reserve(counted: readonly Counted[], now: Date): Promise<Reservation> {
    const buckets = await Promise.all(counted.map(({ subject }) => this.bucketOf(subject)));
    const waits = counted.map(({ policy }) => policy.waits);
    const reserved = await rows<CounterRow>(this.dataSource, RESERVE, [
      now,
      buckets,
      counted.map(({ policy }) => policy.quota),
      counted.map(({ policy }) => policy.windowSeconds),
      waits.map((of) => of?.firstSeconds ?? null),
      waits.map((of) => of?.longestSeconds ?? null),
      waits.map((of) => of?.mostInARow ?? null),
      waits.map((of) => of?.spentBy === 'tries_in_a_row'),
    ]);
    const granted = reserved.length === counted.length;
    if (!granted) await this.giveBack(reserved.map(({ bucket }) => bucket));
    return { granted, states: inOrder(buckets, granted ? reserved : await this.read(buckets), now) };
  }

  /** Takes one back of each: it was right, or nobody looked. */
  async giveBack(buckets: readonly Buffer[]): Promise<void> {
    if (buckets.length === 0) return;
    await this.dataSource.query(GIVE_BACK, [buckets]);
  }

  /** They were wrong: what was reserved stays counted. @returns how they stand */
  async fail(buckets: readonly Buffer[], now: Date): Promise<readonly CounterState[]> {
    return inOrder(buckets, await rows<CounterRow>(this.dataSource, FAIL, [buckets]), now);
  }

  /** Forgets all that was counted. @returns what was, in the order of the buckets */
  async forget(on: Executor, buckets: readonly Buffer[], now: Date): Promise<readonly CounterState[]> {
    return inOrder(buckets, await rows<CounterRow>(on, FORGET, [buckets]), now);
  }

  /** Lets one more try pass, and forgets nothing: the next wait is the longer one. Not those blocked for good. */
  async release(on: Executor, buckets: readonly Buffer[]): Promise<void> {
    await on.query(
      `UPDATE guesses SET blocked_until = NULL WHERE bucket IN (${LOCKED}) AND blocked_until < 'infinity'`,
      [buckets],
    );
  }

  async bucketOf(subject: readonly string[]): Promise<Buffer> {
    return createHmac('sha256', await this.dataKeys.key('guesses'))
      .update(JSON.stringify(subject))
      .digest();
  }

  private read(buckets: readonly Buffer[]): Promise<CounterRow[]> {
    return rows(this.dataSource, READ, [buckets]);
  }
}

function inOrder(buckets: readonly Buffer[], found: readonly CounterRow[], now: Date): CounterState[] {
  return buckets.map((bucket) => {
    const state = found.find((each) => each.bucket.equals(bucket));
    if (!state) return { bucket, tries: 0, failed: 0, streak: 0, windowEndsAt: now, blockedUntil: undefined };
    const { blockedUntil } = state;
    // node-postgres reads 'infinity' as the number.
    return { ...state, blockedUntil: typeof blockedUntil === 'number' ? 'for good' : (blockedUntil ?? undefined) };
  });
}
