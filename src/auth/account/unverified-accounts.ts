import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Batch, BatchOrder, ExpiredRows } from '../../cleanup/expired-rows.js';
import { AppConfig } from '../../config/app-config.js';
import { row, rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import type { UserId } from '../../shared/ids.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { AccountErasure } from './account-erasure.js';
import { AccountNotices } from './account-notices.js';

const DUE = 'registration_expires_at <= $1 AND email_verified_at IS NULL';

interface UnverifiedRow {
  readonly id: UserId;
  readonly due: Date;
}

/** Accounts that registered themselves and whose address nobody has verified in time. */
@Injectable()
export class UnverifiedAccounts implements ExpiredRows {
  readonly what = 'registrations';
  /** Each is a dozen statements. */
  readonly atMost = 20;

  constructor(
    private readonly erasure: AccountErasure,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly config: AppConfig,
  ) {}

  transaction<Result>(work: (tx: EntityManager) => Promise<Result>): Promise<Result> {
    return this.revocations.transaction(work);
  }

  async deleteBatch(tx: EntityManager, { now, limit, from }: BatchOrder): Promise<Batch> {
    // What its owner is verifying is passed over.
    const expired = await rows<UnverifiedRow>(
      tx,
      `SELECT id, registration_expires_at AS due FROM users WHERE ${DUE} AND registration_expires_at >= $2
       ORDER BY registration_expires_at LIMIT $3 FOR UPDATE SKIP LOCKED`,
      [now, from ?? '-infinity', limit],
    );
    for (const { id: userId } of expired) {
      await this.erasure.erase(tx, userId, now);
      await this.notices.tell(tx, { event: 'user_deleted', userId, details: { reason: 'never verified' } }, now);
    }
    return { deleted: expired.length, until: expired.at(-1)?.due };
  }

  async oldest(on: Executor, now: Date): Promise<Date | undefined> {
    // Where addresses need not be verified any more, nobody was told that the account would go.
    if (!this.config.accounts.requireVerifiedEmail) return undefined;
    const text = `SELECT registration_expires_at AS due FROM users WHERE ${DUE} ORDER BY registration_expires_at LIMIT 1`;
    return (await row<{ due: Date }>(on, text, [now]))?.due;
  }
}
