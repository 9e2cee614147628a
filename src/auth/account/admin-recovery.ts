import { Injectable } from '@nestjs/common';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { ActionLinks } from '../../users/action-links.js';
import type { EmailAddress } from '../../users/email-address.js';
import { lockAdmins } from '../../users/admin-lock.js';
import { SecondFactors } from '../../users/mfa/second-factors.js';
import { ensureAccount, makeAdmin } from '../../users/recovered-admin.js';
import { accountSubjects, secondFactorSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import { AccessEnding } from './access-ending.js';
import { AccountNotices } from './account-notices.js';

/** For operators who have locked themselves out: whoever runs it has the secrets and the database already. */
@Injectable()
export class AdminRecovery {
  constructor(
    private readonly access: AccessEnding,
    private readonly factors: SecondFactors,
    private readonly guesses: Guesses,
    private readonly links: ActionLinks,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
  ) {}

  /**
   * Makes the account of an address an admin that nothing lets in but a new password: whatever it was opened or held up by
   * before is gone.
   * @returns the token of a link to choose the password with
   */
  async recover(email: EmailAddress, now: Date): Promise<string> {
    return this.revocations.transaction(async (tx) => {
      // Without its password it does not count as one who can sign in.
      await lockAdmins(tx);
      const { userId, created } = await ensureAccount(tx, email, now);
      await this.access.end(tx, userId, 'admin_recovered', now);
      await this.factors.remove(tx, userId);
      const counted = [...accountSubjects(email), ...secondFactorSubjects(userId, 'anywhere')];
      await this.guesses.forget(tx, counted, now);
      const credentialVersion = await makeAdmin(tx, userId, now);
      const link = { userId, purpose: 'password_reset', email, credentialVersion, askedAt: now } as const;
      const token = await this.links.create(link, now, tx);
      if (token === undefined) throw new Error('no link was made, though the account is locked');
      await this.notices.tell(tx, { event: 'admin_recovered', userId, details: { created } }, now);
      return token;
    });
  }
}
