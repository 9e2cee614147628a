import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientContext } from '../../shared/client-context.js';
import { SessionsService } from '../../tokens/sessions/sessions.service.js';
import { AccountRecords } from '../../users/account-records.js';
import type { ActionLink, LinkOwner } from '../../users/action-links.js';
import { loginSubjects, secondFactorSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import { AccountNotices } from './account-notices.js';
import { CredentialChanges } from './credential-changes.js';

/** A password that somebody chose by a mailed link, and from where. */
export interface ChosenPassword {
  readonly hash: string;
  readonly client: ClientContext;
}

/** Hands an account back to whoever reads its mail: every session, known device and count of guesses from before ends. */
@Injectable()
export class AccountRecovery {
  constructor(
    private readonly records: AccountRecords,
    private readonly sessions: SessionsService,
    private readonly changes: CredentialChanges,
    private readonly guesses: Guesses,
    private readonly notices: AccountNotices,
  ) {}

  /**
   * In a transaction of `Revocations.transaction`, in which the link was used.
   * @returns the new device version
   */
  async recover(
    tx: EntityManager,
    { userId, purpose }: ActionLink,
    { email, verified }: LinkOwner,
    { hash, client }: ChosenPassword,
    now: Date,
  ): Promise<number> {
    await this.changes.record(tx, userId, 'stale', now);
    await this.records.setPassword(tx, userId, hash);
    await this.records.verifyEmail(tx, userId, now);
    // A second factor from before anyone had shown that the address is theirs is a stranger's.
    if (!verified || (await this.records.hasEarlierFactor(tx, userId))) await this.records.disown(tx, userId);
    await this.sessions.endAllOf(tx, userId, 'password_reset', now);
    await this.guesses.forget(tx, guessedAt(email, client), now);
    // Who guessed codes had the old password. Released, not forgotten: who reads the mail alone has one try, no more.
    await this.guesses.release(tx, secondFactorSubjects(userId, 'anywhere'));
    // Whoever accepts an invitation had no password that could have been changed.
    const mail = purpose === 'password_reset' ? ({ purpose: 'password_changed' } as const) : undefined;
    await this.notices.tell(tx, { event: 'authn_password_reset', userId, client, details: { by: purpose }, mail }, now);
    return this.records.forgetDevices(tx, userId);
  }
}

/** What was counted against the owner, here and everywhere; never what was for the whole network. */
const guessedAt = (email: LinkOwner['email'], { ip }: ClientContext): ReturnType<typeof loginSubjects> =>
  loginSubjects(email, ip, undefined).filter(({ policy }) => policy !== 'login-network');
