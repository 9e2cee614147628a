import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { ValidationFailedError } from '../http/http.errors.js';
import { MailDispatch } from '../mail/mail-dispatch.js';
import { registrationAttempt } from '../mail/messages/registration-attempt.js';
import type { ClientContext } from '../shared/client-context.js';
import { Clock } from '../shared/clock.js';
import { Revocations } from '../tokens/revocation/revocations.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import { normaliseEmail } from '../users/email-address.js';
import { UsersService } from '../users/users.service.js';
import { MailBudget } from './mail-budget.js';
import { RegistrationClosedError } from './auth.errors.js';

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
    private readonly sessions: SessionsService,
    private readonly revocations: Revocations,
    private readonly mail: MailDispatch,
    private readonly budget: MailBudget,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /** @throws RegistrationClosedError, PasswordWeakError, OverloadedError */
  async register({ email: address, password, name }: NewAccount, client: ClientContext): Promise<void> {
    if (this.config.accounts.registration === 'closed') throw new RegistrationClosedError();
    const email = normaliseEmail(address);
    if (email === undefined)
      throw new ValidationFailedError([{ field: 'email', message: 'must be an e-mail address' }]);
    const now = this.clock.now();
    const { outcome } = await this.users.register({ email, password, name: name ?? null, now }, (insert) =>
      this.revocations.transaction(async (tx) => {
        const result = await insert(tx);
        // Whoever signed in with the password that has just been replaced never showed that the address is theirs.
        if (result.outcome === 'replaced')
          await this.sessions.endAllOf(tx, result.userId, 'registration_replaced', now);
        return result;
      }),
    );
    if (outcome !== 'taken') return;
    const mail = registrationAttempt({ to: email, at: now, ip: client.ip, appUrl: this.config.http.appUrl });
    this.mail.deliver(mail, () => this.budget.take(email, mail.purpose));
  }
}
