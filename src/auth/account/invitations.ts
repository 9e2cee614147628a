import { Injectable } from '@nestjs/common';
import type { Executor } from '../../database/sql.js';
import { assertStillAdmin } from '../../security/admin-standing.js';
import { Clock } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { AccountRecords } from '../../users/account-records.js';
import type { Invited } from '../../users/account-records.js';
import type { Account } from '../../users/account.js';
import { EmailTakenError, UserNotFoundError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { AccountErasure } from './account-erasure.js';
import { AccountNotices } from './account-notices.js';
import type { AdminAction } from './account-support.js';

/** Accounts that admins make, and links that admins have mailed. They never learn or set a password: the owner does. */
@Injectable()
export class Invitations {
  constructor(
    private readonly users: UsersService,
    private readonly records: AccountRecords,
    private readonly notices: AccountNotices,
    private readonly erasure: AccountErasure,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /** Creates an account that its owner comes into by a mailed link. @throws EmailTakenError */
  async invite(invited: Invited, action: AdminAction): Promise<Account> {
    const now = this.clock.now();
    const userId = await this.revocations.transaction(async (tx) => {
      await assertStillAdmin(tx, action.admin);
      await this.erasure.freeAddress(tx, invited.email, now);
      const created = await this.records.createInvited(tx, invited, now);
      if (created) await this.mailLink(tx, created, { event: 'user_created', purpose: 'invitation' }, action, now);
      return created;
    });
    const account = userId && (await this.users.findById(userId));
    if (!account) throw new EmailTakenError();
    return account;
  }

  /** Mails the invitation again; who has accepted it by now gets a link to choose a new password. @throws UserNotFoundError */
  async inviteAgain(userId: UserId, action: AdminAction): Promise<void> {
    const account = await this.users.findById(userId);
    if (!account) throw new UserNotFoundError();
    await this.request(userId, account.hasPassword ? 'password_reset' : 'invitation', action);
  }

  /** Mails a link to choose a new password. @throws UserNotFoundError */
  async resetPassword(userId: UserId, action: AdminAction): Promise<void> {
    if (!(await this.users.findById(userId))) throw new UserNotFoundError();
    await this.request(userId, 'password_reset', action);
  }

  private async request(userId: UserId, purpose: 'invitation' | 'password_reset', action: AdminAction): Promise<void> {
    await this.revocations.transaction(async (tx) => {
      await assertStillAdmin(tx, action.admin);
      await this.mailLink(tx, userId, { event: 'user_link_requested', purpose }, action, this.clock.now());
    });
  }

  private mailLink(
    tx: Executor,
    userId: UserId,
    { event, purpose }: { event: 'user_created' | 'user_link_requested'; purpose: 'invitation' | 'password_reset' },
    { admin: by, client, reason }: AdminAction,
    now: Date,
  ): Promise<void> {
    const details = { mail: purpose, reason: reason ?? null };
    return this.notices.tell(tx, { event, userId, by, client, details, mail: { purpose } }, now);
  }
}
