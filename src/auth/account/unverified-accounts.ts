import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { rows } from '../../database/sql.js';
import { Clock } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { AccountErasure } from './account-erasure.js';
import { AccountNotices } from './account-notices.js';

const EVERY_MS = 60 * 60 * 1_000;
const BATCH = 100;
const MAX_BATCHES = 50;

/** Deletes accounts that registered themselves and whose address nobody has verified in time, in small batches. */
@Injectable()
export class UnverifiedAccounts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(UnverifiedAccounts.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly erasure: AccountErasure,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tryRun(), EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns how many were deleted */
  async run(): Promise<number> {
    // Where addresses need not be verified any more, nobody was told that the account would go.
    if (!this.config.accounts.requireVerifiedEmail) return 0;
    let deleted = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const count = await this.deleteBatch(this.clock.now());
      deleted += count;
      if (count < BATCH) break;
    }
    return deleted;
  }

  private deleteBatch(now: Date): Promise<number> {
    return this.revocations.transaction(async (tx) => {
      // What another instance is deleting, or its owner verifying, is passed over.
      const expired = await rows<{ id: UserId }>(
        tx,
        `SELECT id FROM users WHERE registration_expires_at <= $1 AND email_verified_at IS NULL
         ORDER BY registration_expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
        [now],
      );
      for (const { id: userId } of expired) {
        await this.erasure.erase(tx, userId, now);
        await this.notices.tell(tx, { event: 'user_deleted', userId, details: { reason: 'never verified' } }, now);
      }
      return expired.length;
    });
  }

  private async tryRun(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.logger.warn(`accounts that were never verified could not be deleted: ${String(error)}`);
    }
  }
}
