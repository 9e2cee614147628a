import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AuditEventType } from '../../audit/audit-event.js';
import type { MailPurpose } from '../../mail/mail-job.js';
import { Clock } from '../../shared/clock.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { AccountNotices } from './account-notices.js';
import { CredentialChanges } from './credential-changes.js';
import type { Asking } from './reauthentication.js';

/** What an owner changes, by the mail that tells of it in case it was not the owner; and the event of it. */
const EVENTS = {
  password_changed: 'authn_password_change',
  mfa_enabled: 'authn_mfa_enrolled',
  mfa_disabled: 'authn_mfa_removed',
  recovery_codes_replaced: 'authn_recovery_codes_replaced',
} as const satisfies Partial<Record<MailPurpose, AuditEventType>>;

export interface OwnerChange {
  readonly told: keyof typeof EVENTS;
  readonly asking: Asking;
  /** `stale`: access tokens that are out must be refreshed before they are accepted again. */
  readonly tokens: 'stale' | 'stay';
  /** The credential version at which the owner proved to be one, where that was asked for. */
  readonly checked?: number;
}

/** Changes of a credential by its owner, from within a session: each one transaction with all that belongs to it. */
@Injectable()
export class OwnerChanges {
  constructor(
    private readonly credentials: CredentialChanges,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a change: what the old credential could still be used for ends, and the owner is told.
   * @param work the change itself; false where it cannot be made after all
   * @returns false, and nothing changed, then, and where the credential has changed since it was checked
   */
  async make(change: OwnerChange, work: (tx: EntityManager, now: Date) => Promise<boolean>): Promise<boolean> {
    const { told, asking, tokens, checked } = change;
    const { principal: by, client } = asking;
    const { userId } = by;
    const now = this.clock.now();
    const undone = new Error('the change was undone');
    try {
      await this.revocations.transaction(async (tx) => {
        const isCurrent = await this.credentials.record(tx, userId, tokens, now, checked);
        if (!isCurrent || !(await work(tx, now))) throw undone;
        await this.notices.tell(tx, { event: EVENTS[told], userId, by, client, mail: { purpose: told } }, now);
      });
      return true;
    } catch (error) {
      if (error === undone) return false;
      throw error;
    }
  }
}
