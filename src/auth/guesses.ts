import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../crypto/data-keys.js';
import { row } from '../database/sql.js';
import type { Executor } from '../database/sql.js';
import type { NotedLimit } from '../http/rate-limit-fields.js';
import { clientNetwork } from '../http/client-address.js';
import { addSeconds, secondsUntil } from '../shared/clock.js';
import type { EmailAddress } from '../users/email-address.js';

/** Wrong passwords for one e-mail address from one client address: 5 in 15 minutes. */
const POLICY = { policy: 'login', quota: 5, windowSeconds: 15 * 60 } as const;

/** One try that was counted before its password was looked at. */
export interface Guess {
  /** False where the budget is spent: the password is not to be looked at. */
  readonly granted: boolean;
  readonly limit: NotedLimit;
  readonly bucket: Buffer;
}

interface GuessRow {
  readonly tries: number;
  readonly window_ends_at: Date;
}

const RESERVE = `
  INSERT INTO guesses AS g (bucket, tries, window_ends_at) VALUES ($1, 1, $3)
  ON CONFLICT (bucket) DO UPDATE
    SET tries = CASE WHEN g.window_ends_at <= $2 THEN 1 ELSE g.tries + 1 END,
        window_ends_at = CASE WHEN g.window_ends_at <= $2 THEN $3 ELSE g.window_ends_at END
    WHERE g.window_ends_at <= $2 OR g.tries < $4
  RETURNING tries, window_ends_at`;

/**
 * Counts wrong passwords in Postgres, so that neither a restart nor a second instance resets them. A try is reserved in
 * one atomic statement before the hash is computed, so that parallel guesses cannot slip through, and given back when it
 * was right. Known and unknown addresses count alike.
 */
@Injectable()
export class Guesses {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
  ) {}

  async reserve(email: EmailAddress, ip: string, now: Date): Promise<Guess> {
    const bucket = await this.bucketOf(email, ip);
    const windowEndsAt = addSeconds(now, POLICY.windowSeconds);
    const reserved = await row<GuessRow>(this.dataSource, RESERVE, [bucket, now, windowEndsAt, POLICY.quota]);
    const state = reserved ?? (await this.read(bucket)) ?? { tries: POLICY.quota, window_ends_at: windowEndsAt };
    const remaining = Math.max(0, POLICY.quota - state.tries);
    return {
      granted: reserved !== undefined,
      bucket,
      limit: { ...POLICY, remaining, resetSeconds: secondsUntil(state.window_ends_at, now) },
    };
  }

  /** Takes one try back: it was not a wrong password after all. */
  async giveBack({ bucket }: Guess): Promise<void> {
    await this.dataSource.query('UPDATE guesses SET tries = tries - 1 WHERE bucket = $1 AND tries > 0', [bucket]);
  }

  /** Forgets the wrong passwords of this address from here: its owner has signed in. */
  async reset(on: Executor, { bucket, limit }: Guess): Promise<NotedLimit> {
    await on.query('DELETE FROM guesses WHERE bucket = $1', [bucket]);
    return { ...limit, remaining: limit.quota };
  }

  private read(bucket: Buffer): Promise<GuessRow | undefined> {
    return row(this.dataSource, 'SELECT tries, window_ends_at FROM guesses WHERE bucket = $1', [bucket]);
  }

  private async bucketOf(email: EmailAddress, ip: string): Promise<Buffer> {
    const key = await this.dataKeys.key('guesses');
    return createHmac('sha256', key)
      .update(JSON.stringify(['login', email, clientNetwork(ip)]))
      .digest();
  }
}
