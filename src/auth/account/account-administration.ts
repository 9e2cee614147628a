import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { assertStillAdmin } from '../../security/admin-standing.js';
import { Clock } from '../../shared/clock.js';
import type { UserId } from '../../shared/ids.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { normaliseName } from '../../users/account-name.js';
import type { Account } from '../../users/account.js';
import { isLastAdmin, lockAdmins } from '../../users/admin-lock.js';
import { ManagedAccounts } from '../../users/managed-accounts.js';
import { LastAdminError, UserNotFoundError } from '../../users/users.errors.js';
import { AccessEnding } from './access-ending.js';
import { AccountNotices } from './account-notices.js';
import type { AdminAction } from './account-support.js';

/** What is to be; what is left out stays as it is. */
export interface AccountChange {
  /** All that it is to have. */
  readonly roles?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  /** Null clears it. */
  readonly name?: string | null | undefined;
}

/** One change that is being made. */
interface Change extends AdminAction {
  readonly tx: EntityManager;
  readonly account: Account;
  readonly now: Date;
}

/**
 * Changes of an account by admins. What is so already changes nothing: no token goes stale, and there is no event. Its owner
 * is not told.
 */
@Injectable()
export class AccountAdministration {
  constructor(
    private readonly accounts: ManagedAccounts,
    private readonly access: AccessEnding,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes all of a change or nothing.
   * @returns the account as it is then
   * @throws UserNotFoundError, LastAdminError; RevocationUnknownError where what it asks for was so already, and what that ended
   * cannot be learnt now
   */
  async change(userId: UserId, wanted: AccountChange, action: AdminAction): Promise<Account> {
    const now = this.clock.now();
    const outcome = await this.revocations.transaction(async (tx) => {
      // Before the account's row, as whoever deletes one takes them.
      if (mayDemote(wanted)) await lockAdmins(tx);
      const account = await this.accounts.lock(tx, userId);
      await assertStillAdmin(tx, action.admin);
      if (!account) return 'not_found';
      if (mayDemote(wanted) && (await isLastAdmin(tx, userId))) return 'last_admin';
      const isMade = await this.make({ ...action, tx, account, now }, wanted);
      return { isMade, account: (await this.accounts.lock(tx, userId)) ?? account };
    });
    if (outcome === 'not_found') throw new UserNotFoundError();
    if (outcome === 'last_admin') throw new LastAdminError();
    if (!outcome.isMade) await this.revocations.applyCommitted();
    return outcome.account;
  }

  /** @returns false where something was so already that ends access: perhaps since a moment ago, by a call at another instance */
  private async make(change: Change, { roles, disabled, name }: AccountChange): Promise<boolean> {
    const isMade = [
      roles === undefined || (await this.setRoles(change, [...new Set(roles)])),
      disabled === undefined || (await this.setDisabled(change, disabled)),
    ];
    if (name !== undefined) await this.setName(change, name);
    return isMade.every(Boolean);
  }

  /** @returns false where it had them already */
  private async setRoles(change: Change, roles: readonly string[]): Promise<boolean> {
    const { tx, account, now } = change;
    const added = roles.filter((role) => !account.roles.includes(role));
    const removed = account.roles.filter((role) => !roles.includes(role));
    if (added.length === 0 && removed.length === 0) return false;
    const minimum = await this.accounts.setRoles(tx, account.id, roles);
    await this.revocations.append(tx, [{ kind: 'user', subject: account.id, minimum }], now);
    await this.tell(change, 'authz_change', { added: listed(added), removed: listed(removed) });
    return true;
  }

  /** @returns false where it was so already */
  private async setDisabled(change: Change, disabled: boolean): Promise<boolean> {
    const { tx, account, now } = change;
    if (!(await this.accounts.setDisabled(tx, account.id, disabled ? now : null))) return false;
    if (disabled) await this.access.end(tx, account.id, 'account_disabled', now);
    await this.tell(change, disabled ? 'user_disabled' : 'user_enabled');
    return true;
  }

  private async setName(change: Change, name: string | null): Promise<void> {
    const normalised = name === null ? null : (normaliseName(name) ?? null);
    if (!(await this.accounts.setName(change.tx, change.account.id, normalised))) return;
    await this.tell(change, 'user_updated');
  }

  private async tell(
    { tx, account: { id: userId }, admin: by, client, now }: Change,
    event: 'authz_change' | 'user_disabled' | 'user_enabled' | 'user_updated',
    details: Readonly<Record<string, string | null>> = {},
  ): Promise<void> {
    await this.notices.tell(tx, { event, userId, by, client, details }, now);
  }
}

/** Whether an admin would be one no more who can sign in. */
const mayDemote = ({ roles, disabled }: AccountChange): boolean =>
  disabled === true || (roles !== undefined && !roles.includes('admin'));

const listed = (roles: readonly string[]): string | null => (roles.length === 0 ? null : roles.join(','));
