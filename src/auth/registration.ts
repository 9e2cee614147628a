import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import type { ClientContext } from '../shared/client-context.js';
import { Clock } from '../shared/clock.js';
import { newUserId } from '../shared/ids.js';
import { Revocations } from '../tokens/revocation/revocations.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import { AccountRecords } from '../users/account-records.js';
import { requireEmail } from '../users/email-address.js';
import { UsersService } from '../users/users.service.js';
import { RegistrationClosedError } from './auth.errors.js';
import { RegistrationNotices } from './registration-notices.js';

export interface NewAccount {
  readonly email: string;
  readonly password: string;
  readonly name?: string | undefined;
}

/** Registration, which tells nobody whether an address has an account: only its owner hears of it, by mail. */
@Injectable()
export class Registration {
  constructor(
    private readonly users: UsersService,
    private readonly records: AccountRecords,
    private readonly sessions: SessionsService,
    private readonly revocations: Revocations,
    private readonly notices: RegistrationNotices,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /** @throws RegistrationClosedError, PasswordWeakError, OverloadedError */
  async register({ email: address, password, name }: NewAccount, client: ClientContext): Promise<void> {
    if (this.config.accounts.registration === 'closed') throw new RegistrationClosedError();
    const email = requireEmail(address);
    const now = this.clock.now();
    await this.users.register({ email, password, name: name ?? null, now }, (insert) =>
      this.revocations.transaction(async (tx) => {
        const result = await insert(tx);
        // Whoever used the password that has just been replaced never showed that the address is theirs. Asked of nobody
        // where nothing was replaced, so that it takes the same.
        const replaced = result.outcome === 'replaced' ? result.userId : newUserId();
        await this.sessions.endAllOf(tx, replaced, 'registration_replaced', now);
        await this.records.disown(tx, replaced);
        await this.notices.tell(tx, result, { email, client, now });
        return result;
      }),
    );
  }
}
