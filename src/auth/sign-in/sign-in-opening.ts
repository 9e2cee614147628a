import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ClientContext } from '../../shared/client-context.js';
import { Revocations } from '../../tokens/revocation/revocations.js';
import { SessionOpening } from '../../tokens/sessions/session-opening.js';
import type { OpenedSession } from '../../tokens/sessions/session-opening.js';
import type { Account } from '../../users/account.js';
import { UsersService } from '../../users/users.service.js';
import type { PasswordRehash } from '../../users/users.service.js';
import { Guesses } from '../guesses/guesses.js';
import type { GuessSubject } from '../guesses/guess-subjects.js';
import { SignInNotices } from './sign-in-notices.js';

/** A sign-in that has shown all it had to. */
export interface FinishedSignIn {
  readonly account: Account;
  /** Of the password that was checked: a session opens only while it is the current one. */
  readonly credentialVersion: number;
  readonly amr: readonly string[];
  /** The known device that it came from, if any. */
  readonly deviceId: string | undefined;
  readonly deviceName: string | undefined;
  readonly client: ClientContext;
  /** What was counted against the owner, and is forgotten now. */
  readonly subjects: readonly GuessSubject[];
  /** A better hash of the password that was just right. */
  readonly rehash?: PasswordRehash | undefined;
  /** Ends what it came from: false undoes all of it. */
  readonly end?: (tx: EntityManager) => Promise<boolean>;
}

/** The last step of every sign-in: one transaction with everything that it leaves behind. */
@Injectable()
export class SignInOpening {
  constructor(
    private readonly users: UsersService,
    private readonly sessions: SessionOpening,
    private readonly revocations: Revocations,
    private readonly guesses: Guesses,
    private readonly notices: SignInNotices,
  ) {}

  /** @returns undefined where the password was changed or the account disabled since it was checked */
  async open(signIn: FinishedSignIn, now: Date): Promise<OpenedSession | undefined> {
    const { account, credentialVersion, amr, deviceId, deviceName, client } = signIn;
    const userId = account.id;
    const undone = new Error('the sign-in was undone');
    try {
      return await this.revocations.transaction(async (tx) => {
        // First, since it locks the user's row: two sign-ins that each held it shared would wait for one another.
        await this.users.recordLogin(tx, userId, now);
        const session = await this.sessions.open(tx, { userId, credentialVersion, amr, deviceName, client }, now);
        if (!session || (await signIn.end?.(tx)) === false) throw undone;
        if (signIn.rehash) await this.users.storeRehash(signIn.rehash, tx);
        const { sessionId } = session.subject;
        const failures = await this.guesses.forget(tx, signIn.subjects, now);
        const deviceIsKnown = deviceId !== undefined;
        await this.notices.tell(tx, { userId, sessionId, client, amr, deviceIsKnown, failures }, now);
        return session;
      });
    } catch (error) {
      if (error === undone) return undefined;
      throw error;
    }
  }
}
