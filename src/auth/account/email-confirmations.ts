import { Injectable } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock } from '../../shared/clock.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { AccountRecords } from '../../users/account-records.js';
import { ActionLinks } from '../../users/action-links.js';
import type { ActionLink, LinkOwner } from '../../users/action-links.js';
import { LinkInvalidError } from '../../users/users.errors.js';
import { AccountErasure } from './account-erasure.js';
import { AccountNotices } from './account-notices.js';
import { CredentialChanges } from './credential-changes.js';

const PURPOSES = ['verify_email', 'email_change'] as const;
const UNIQUE_VIOLATION = '23505';

/** Mailed links that show an address to be its owner's: that of an account, or the one that it is to have. */
@Injectable()
export class EmailConfirmations {
  constructor(
    private readonly links: ActionLinks,
    private readonly records: AccountRecords,
    private readonly erasure: AccountErasure,
    private readonly changes: CredentialChanges,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /**
   * Uses a mailed link: verifies the address of an account, or gives it the one that was asked for.
   * @throws LinkInvalidError
   */
  async confirm(token: string, client: ClientContext): Promise<void> {
    const now = this.clock.now();
    const link = await this.links.find(token, PURPOSES, now);
    if (!link) throw new LinkInvalidError();
    const confirmed = await unlessTaken(() =>
      this.revocations.transaction(async (tx) => {
        const owner = await this.links.use(tx, link, token, now);
        if (!owner) return false;
        if (link.purpose === 'email_change') await this.change(tx, link, owner, client, now);
        else await this.verify(tx, link, client, now);
        return true;
      }),
    );
    if (!confirmed) throw new LinkInvalidError();
  }

  private async verify(tx: EntityManager, { userId }: ActionLink, client: ClientContext, now: Date): Promise<void> {
    await this.records.verifyEmail(tx, userId, now);
    await this.notices.tell(tx, { event: 'user_email_verified', userId, client }, now);
  }

  /** Sessions stay; what was mailed to the old address, or begun under it, ends. */
  private async change(
    tx: EntityManager,
    { userId, email }: ActionLink,
    owner: LinkOwner,
    client: ClientContext,
    now: Date,
  ): Promise<void> {
    await this.changes.record(tx, userId, 'stay', now);
    await this.links.endAll(tx, userId);
    await this.erasure.freeAddress(tx, email, now);
    await this.records.changeEmail(tx, userId, email, now);
    const mail = { purpose: 'email_changed', to: owner.email } as const;
    await this.notices.tell(tx, { event: 'user_email_changed', userId, client, mail }, now);
  }
}

/** Somebody has got the address since it was asked for: the whole change is undone, the use of the link included. */
async function unlessTaken(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work();
  } catch (error) {
    const { code } = error instanceof QueryFailedError ? (error.driverError as { code?: unknown }) : {};
    if (code === UNIQUE_VIOLATION) return false;
    throw error;
  }
}
