import { Injectable } from '@nestjs/common';
import type { ClientContext } from '../../shared/client-context.js';
import { Clock } from '../../shared/clock.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { ActionLinks } from '../../users/action-links.js';
import { LinkInvalidError } from '../../users/users.errors.js';
import { UsersService } from '../../users/users.service.js';
import { DeviceTokens } from '../guesses/device-tokens.js';
import { AccountRecovery } from './account-recovery.js';

/** An invitation is accepted in the same way. */
const PURPOSES = ['password_reset', 'invitation'] as const;

/** New passwords by whoever reads the owner's mail. */
@Injectable()
export class PasswordResets {
  constructor(
    private readonly users: UsersService,
    private readonly links: ActionLinks,
    private readonly recovery: AccountRecovery,
    private readonly devices: DeviceTokens,
    private readonly revocations: Revocations,
    private readonly clock: Clock,
  ) {}

  /**
   * Sets a password by a mailed link, which is not spent where the password is refused.
   * @returns a device token, so that the owner gets in however many strangers guess
   * @throws LinkInvalidError, PasswordWeakError, OverloadedError
   */
  async reset(token: string, password: string, client: ClientContext): Promise<string> {
    const now = this.clock.now();
    const link = await this.links.find(token, PURPOSES, now);
    const account = link && (await this.users.findById(link.userId));
    if (!link || !account || account.disabled) throw new LinkInvalidError();
    const hash = await this.users.hashNewPassword(password, account);
    const deviceVersion = await this.revocations.transaction(async (tx) => {
      const owner = await this.links.use(tx, link, token, now);
      return owner && this.recovery.recover(tx, link, owner, { hash, client }, now);
    });
    if (deviceVersion === undefined) throw new LinkInvalidError();
    return this.devices.issue({ id: account.id, deviceVersion }, undefined, now);
  }
}
