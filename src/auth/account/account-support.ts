import { Injectable } from '@nestjs/common';
import { assertStillAdmin } from '../../security/admin-standing.js';
import type { Principal } from '../../security/principal.js';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import type { EmailAddress } from '../../users/email-address.js';
import { OwnAccountError, UserNotFoundError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { accountSubjects, secondFactorSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import { AccountNotices } from './account-notices.js';
import { SecondFactorReset } from './second-factor-reset.js';

/** Which admin does it, from where and, if told, why. */
export interface AdminAction {
  readonly admin: Principal;
  readonly client: ClientContext;
  readonly reason: string | undefined;
}

/** What admins do for owners who cannot get in. */
@Injectable()
export class AccountSupport {
  constructor(
    private readonly users: UsersService,
    private readonly factorReset: SecondFactorReset,
    private readonly guesses: Guesses,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the second factor off an account whose owner has lost it, ends its sessions, and tells the owner. An
   * account without one is left as it is.
   * @throws UserNotFoundError, OwnAccountError
   */
  async resetSecondFactor(userId: UserId, { admin: by, client, reason }: AdminAction): Promise<void> {
    if (userId === by.userId) throw new OwnAccountError();
    await this.emailOf(userId);
    const now = this.clock.now();
    const isReset = await this.revocations.transaction(async (tx) => {
      await assertStillAdmin(tx, by);
      if (!(await this.factorReset.reset(tx, userId, now))) return false;
      const notice = { event: 'authn_mfa_removed', mail: { purpose: 'mfa_disabled' } } as const;
      await this.notices.tell(tx, { ...notice, userId, by, client, details: { reason: reason ?? null } }, now);
      return true;
    });
    // Another call may have reset it, a moment ago.
    if (!isReset) await this.revocations.applyCommitted();
  }

  /** Forgets what was guessed at an account, so that its owner may try again, and tells the owner. @throws UserNotFoundError, OwnAccountError */
  async unlock(userId: UserId, { admin: by, client, reason }: AdminAction): Promise<void> {
    if (userId === by.userId) throw new OwnAccountError();
    const email = await this.emailOf(userId);
    const subjects = [...accountSubjects(email), ...secondFactorSubjects(userId, 'anywhere')];
    const now = this.clock.now();
    await this.revocations.transaction(async (tx) => {
      await assertStillAdmin(tx, by);
      await this.guesses.forget(tx, subjects, now);
      const notice = { event: 'user_unlocked', mail: { purpose: 'account_unlocked' } } as const;
      await this.notices.tell(tx, { ...notice, userId, by, client, details: { reason: reason ?? null } }, now);
    });
  }

  private async emailOf(userId: UserId): Promise<EmailAddress> {
    const account = await this.users.findById(userId);
    if (!account) throw new UserNotFoundError();
    return account.email;
  }
}
