import { Injectable } from '@nestjs/common';
import type { UserId } from '../../shared/ids.js';
import { SessionsService } from '../../tokens/sessions/sessions.service.js';
import { AccountRecords } from '../../users/account-records.js';
import { AccountGoneError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { InvalidCredentialsError } from '../auth.errors.js';
import { OwnerChanges } from './owner-changes.js';
import { Reauthentication } from './reauthentication.js';
import type { Asking, OwnerProof } from './reauthentication.js';

/** New passwords by an owner who has the old one. */
@Injectable()
export class PasswordChanges {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly users: UsersService,
    private readonly records: AccountRecords,
    private readonly sessions: SessionsService,
    private readonly changes: OwnerChanges,
  ) {}

  /**
   * Changes the password of an owner who is signed in. Every other session ends, and no device is known any more.
   * @throws as `Reauthentication.check`; PasswordWeakError
   */
  async change(proof: OwnerProof, newPassword: string, asking: Asking): Promise<void> {
    const { sessionId, userId } = asking.principal;
    await this.refuseWeak(userId, newPassword);
    const account = await this.reauthentication.check(proof, asking);
    const { credentialVersion: checked } = account;
    const hash = await this.users.hashNewPassword(newPassword, account);
    const change = { told: 'password_changed', asking, tokens: 'stale', checked } as const;
    const changed = await this.changes.make(change, async (tx, now) => {
      await this.records.setPassword(tx, userId, hash);
      // Whoever knew the old one may have made any number of devices known, each with guesses of its own.
      await this.records.forgetDevices(tx, userId);
      await this.sessions.endAllOf(tx, userId, 'password_changed', now, sessionId);
      return true;
    });
    if (!changed) throw new InvalidCredentialsError();
  }

  /** Before anything is asked: a code would be used up for nothing. */
  private async refuseWeak(userId: UserId, newPassword: string): Promise<void> {
    const owner = await this.users.findById(userId);
    if (!owner) throw new AccountGoneError();
    await this.users.checkNewPassword(newPassword, owner);
  }
}
