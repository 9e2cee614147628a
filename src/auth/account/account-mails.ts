import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import { MailSender } from '../../mail/mail-sender.js';
import type { ComposedMail } from '../../mail/mailer.js';
import { composeMessage } from '../../mail/messages/message.js';
import type { OwedMail } from '../../mail/outbox.js';
import { Clock } from '../../shared/clock.js';
import type { LinkPurpose } from '../../shared/link-lives.js';
import type { Account } from '../../users/account.js';
import { ActionLinks } from '../../users/action-links.js';
import { normaliseEmail } from '../../users/email-address.js';
import type { EmailAddress } from '../../users/email-address.js';
import { UsersService } from '../../users/users.service.js';
import { MailBudget } from '../mail-budget.js';
import type { MailSubject } from '../mail-budget.js';
import { linkAddress } from './link-address.js';

/** Whom a mail goes to and, where it has a link, whose and what for. */
interface Addressed {
  readonly to: EmailAddress;
  readonly purpose: OwedMail['purpose'];
  readonly link?: { readonly account: Account; readonly purpose: LinkPurpose };
}

/**
 * Makes mails of what is owed, behind every answer: whether an address has an account is looked up here, and the token of a
 * link is made here, so that no request takes longer for it and no token is stored.
 */
@Injectable()
export class AccountMails implements OnApplicationBootstrap {
  constructor(
    private readonly sender: MailSender,
    private readonly users: UsersService,
    private readonly links: ActionLinks,
    private readonly budget: MailBudget,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.sender.start((job) => this.prepare(job));
  }

  /** @returns undefined where there is nobody to tell, or as many mails were sent there lately as may be */
  async prepare(job: OwedMail): Promise<ComposedMail | undefined> {
    const addressed = await this.address(job);
    if (!addressed || !(await this.isInBudget(addressed, job))) return undefined;
    const composed = await this.compose(addressed, job);
    if (composed) return composed;
    // The account has changed since it was read: once more, as it is now.
    const again = await this.address(job);
    return again && this.compose(again, job);
  }

  private async address(job: OwedMail): Promise<Addressed | undefined> {
    const { purpose } = job;
    const to = job.to === undefined ? undefined : normaliseEmail(job.to);
    const account = await this.accountOf(job, to);
    switch (purpose) {
      case 'verify_email':
        return account && !account.emailVerified ? withLink(account, purpose) : undefined;
      case 'password_reset':
        return account && withLink(account, purpose);
      case 'invitation':
        return account && !account.hasPassword ? withLink(account, purpose) : undefined;
      case 'email_change':
        return account && to && this.addressChange(account, to, job);
      case 'sign_in_blocked':
        return account && { to: account.email, purpose };
      default:
        return plain(purpose, to ?? account?.email);
    }
  }

  /**
   * The owner of a taken address is told, and nobody else. Whoever changed the password since, or the address, has ended
   * what was asked for before: also where a mail server was away meanwhile.
   */
  private async addressChange(
    account: Account,
    to: EmailAddress,
    { details }: OwedMail,
  ): Promise<Addressed | undefined> {
    if (account.disabled || account.credentialVersion !== details.credentialVersion) return undefined;
    const holder = await this.users.findByEmail(to);
    return holder && !holder.isUnusedRegistration
      ? { to, purpose: 'email_claimed' }
      : { to, purpose: 'email_change', link: { account, purpose: 'email_change' } };
  }

  private async accountOf({ userId }: OwedMail, to: EmailAddress | undefined): Promise<Account | undefined> {
    if (userId !== undefined) return this.users.findById(userId);
    return to && this.users.findByEmail(to);
  }

  /** @returns undefined where the account is not as it was read any more */
  private async compose(
    { to, purpose, link }: Addressed,
    { details, createdAt }: OwedMail,
  ): Promise<ComposedMail | undefined> {
    const { appUrl } = this.config.http;
    if (!link) return composeMessage(purpose, { to, appUrl, details });
    const { id: userId, credentialVersion } = link.account;
    const asked = { userId, purpose: link.purpose, email: to, credentialVersion, askedAt: createdAt };
    const token = await this.links.create(asked, this.clock.now());
    if (token === undefined) return undefined;
    return composeMessage(purpose, { to, appUrl, details, link: linkAddress(appUrl, link.purpose, token) });
  }

  /** A further try of the same mail is none more. */
  private async isInBudget({ to, purpose }: Addressed, { attempts, details, ...job }: OwedMail): Promise<boolean> {
    if (attempts > 1) return true;
    // What admins have sent is counted apart, so that no stranger can spend it.
    const subjects: MailSubject[] = [{ purpose, of: details.by === 'admin' ? [to, 'admin'] : [to] }];
    // The owner of an account names any address, which makes no mail server for strangers of this one.
    if (job.purpose === 'email_change' && job.userId !== undefined) {
      subjects.push({ purpose: job.purpose, of: [job.userId] });
    }
    return this.budget.take(subjects);
  }
}

/** Nothing that a disabled account could use is sent to it. */
const withLink = (account: Account, purpose: LinkPurpose): Addressed | undefined =>
  account.disabled ? undefined : { to: account.email, purpose, link: { account, purpose } };

const plain = (purpose: OwedMail['purpose'], to: EmailAddress | undefined): Addressed | undefined =>
  to && { to, purpose };
