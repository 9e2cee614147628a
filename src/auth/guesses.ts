import { Injectable } from '@nestjs/common';
import type { Executor } from '../database/sql.js';
import { clientNetwork } from '../http/client-address.js';
import type { NotedLimit } from '../http/rate-limit-fields.js';
import { secondsUntil } from '../shared/clock.js';
import type { EmailAddress } from '../users/email-address.js';
import { WindowCounters } from './window-counters.js';

/** Wrong passwords for one e-mail address from one client network: 5 in 15 minutes. */
const POLICY = { policy: 'login', quota: 5, windowSeconds: 15 * 60 } as const;
/** How soon to come again where sign-ins that are under way hold the budget, in seconds. */
const WHILE_UNDER_WAY = 1;

/** One try that was counted before its password was looked at. */
export interface Guess {
  /** False where the budget is spent: the password is not to be looked at. */
  readonly granted: boolean;
  readonly limit: NotedLimit;
  readonly retryAfterSeconds: number;
  readonly bucket: Buffer;
}

/**
 * Counts wrong passwords. A try is reserved before the hash is computed, so that parallel guesses cannot slip through, and
 * given back when it was right. Known and unknown addresses count alike.
 */
@Injectable()
export class Guesses {
  constructor(private readonly counters: WindowCounters) {}

  async reserve(email: EmailAddress, ip: string, now: Date): Promise<Guess> {
    const subject = ['login', email, clientNetwork(ip)];
    const { granted, bucket, count, failed, windowEndsAt } = await this.counters.reserve(subject, POLICY, now);
    const resetSeconds = secondsUntil(windowEndsAt, now);
    return {
      granted,
      bucket,
      limit: { ...POLICY, remaining: Math.max(0, POLICY.quota - count), resetSeconds },
      retryAfterSeconds: failed < POLICY.quota ? WHILE_UNDER_WAY : resetSeconds,
    };
  }

  /** Takes one try back: it was not a wrong password after all. */
  giveBack({ bucket }: Guess): Promise<void> {
    return this.counters.giveBack(bucket);
  }

  /** It was wrong: the try stays counted. */
  fail({ bucket }: Guess): Promise<void> {
    return this.counters.fail(bucket);
  }

  /** Forgets the wrong passwords of this address from here: its owner has signed in. */
  async reset(on: Executor, { bucket, limit }: Guess): Promise<NotedLimit> {
    await this.counters.reset(on, bucket);
    return { ...limit, remaining: limit.quota };
  }
}
