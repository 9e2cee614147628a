import { Injectable } from '@nestjs/common';
import { Clock } from '../../shared/clock.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { isLastAdmin, lockAdmins } from '../../users/admin-lock.js';
import { LastAdminError } from '../../users/users.errors.js';
import { InvalidCredentialsError } from '../auth.errors.js';
import { AccountErasure } from './account-erasure.js';
import { AccountNotices } from './account-notices.js';
import { Reauthentication } from './reauthentication.js';
import type { Asking, OwnerProof } from './reauthentication.js';

/** Deletion of an account by its owner. */
@Injectable()
export class AccountDeletion {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly erasure: AccountErasure,
    private readonly notices: AccountNotices,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /** @throws as `Reauthentication.check`; LastAdminError */
  async delete(proof: OwnerProof, asking: Asking): Promise<void> {
    const { id: userId, email, credentialVersion } = await this.reauthentication.check(proof, asking);
    const { principal: by, client } = asking;
    const now = this.clock.now();
    const outcome = await this.revocations.transaction(async (tx) => {
      await lockAdmins(tx);
      if (await isLastAdmin(tx, userId)) return 'last_admin';
      if (!(await this.erasure.erase(tx, userId, now, credentialVersion))) return 'changed';
      const mail = { purpose: 'account_deleted', to: email } as const;
      await this.notices.tell(tx, { event: 'user_deleted', userId, by, client, mail }, now);
      return 'deleted';
    });
    if (outcome === 'last_admin') throw new LastAdminError();
    if (outcome === 'changed') throw new InvalidCredentialsError();
  }
}
