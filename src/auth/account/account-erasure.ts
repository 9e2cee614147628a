import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { UserId } from '../../shared/ids.js';
import { SessionsService } from '../../tokens/sessions/sessions.service.js';
import { AccountRecords } from '../../users/account-records.js';
import type { EmailAddress } from '../../users/email-address.js';
import { AccountNotices } from './account-notices.js';
import { CredentialChanges } from './credential-changes.js';

/** The end of an account: its sessions, factors and links go with it, its events stay. */
@Injectable()
export class AccountErasure {
  constructor(
    private readonly changes: CredentialChanges,
    private readonly sessions: SessionsService,
    private readonly records: AccountRecords,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * Refuses what is out of its tokens and sessions from now on, then deletes it. In a transaction of
   * `Revocations.transaction`.
   * @param checked the credential version at which the owner proved to be one, where that was asked for
   * @returns false, and nothing changed, where there is no such account or its credential has changed since
   */
  async erase(tx: EntityManager, userId: UserId, now: Date, checked?: number): Promise<boolean> {
    if (!(await this.changes.record(tx, userId, 'stale', now, checked))) return false;
    await this.sessions.endAllOf(tx, userId, 'account_deleted', now);
    await this.records.delete(tx, userId);
    return true;
  }

  /** Makes an address free that nothing but an unused registration holds, for its owner or whoever an admin invites. */
  async freeAddress(tx: EntityManager, email: EmailAddress, now: Date): Promise<void> {
    const holder = await this.records.lockUnusedRegistration(tx, email);
    if (holder === undefined) return;
    await this.erase(tx, holder, now);
    const details = { reason: 'never verified' };
    await this.notices.tell(tx, { event: 'user_deleted', userId: holder, details }, now);
  }
}
