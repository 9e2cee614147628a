import { Injectable } from '@nestjs/common';
import { assertStillAdmin } from '../../security/admin-standing.js';
import { Clock } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { isLastAdmin, lockAdmins } from '../../users/admin-lock.js';
import { ManagedAccounts } from '../../users/managed-accounts.js';
import { LastAdminError, UserNotFoundError } from '../../users/users.errors.js';
import { AccountErasure } from './account-erasure.js';
import { AccountNotices } from './account-notices.js';
import type { AdminAction } from './account-support.js';

/** Deletion of an account by an admin. */
@Injectable()
export class AccountRemoval {
  constructor(
    private readonly accounts: ManagedAccounts,
    private readonly erasure: AccountErasure,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /** Deletes an account with all that is its own, and tells its owner. @throws UserNotFoundError, LastAdminError */
  async remove(userId: UserId, { admin: by, client, reason }: AdminAction): Promise<void> {
    const now = this.clock.now();
    const outcome = await this.revocations.transaction(async (tx) => {
      await lockAdmins(tx);
      const account = await this.accounts.lock(tx, userId);
      await assertStillAdmin(tx, by);
      if (!account) return 'not_found';
      if (await isLastAdmin(tx, userId)) return 'last_admin';
      await this.erasure.erase(tx, userId, now);
      const mail = { purpose: 'account_deleted', to: account.email } as const;
      await this.notices.tell(
        tx,
        { event: 'user_deleted', userId, by, client, details: { reason: reason ?? null }, mail },
        now,
      );
      return 'removed';
    });
    if (outcome === 'not_found') {
      // It may have been there a moment ago: what was its own is refused here before anyone is told that it has gone.
      await this.revocations.applyCommitted();
      throw new UserNotFoundError();
    }
    if (outcome === 'last_admin') throw new LastAdminError();
  }
}
