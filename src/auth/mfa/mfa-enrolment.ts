import { Injectable } from '@nestjs/common';
import { Clock } from '../../shared/clock.js';
import { SessionsService } from '../../tokens/sessions/sessions.service.js';
import { SecondFactors } from '../../users/mfa/second-factors.js';
import type { TotpKey } from '../../users/mfa/totp.js';
import { MfaEnrolledError, MfaInvalidError } from '../../users/users.errors.js';
import { InvalidCredentialsError } from '../auth.errors.js';
import { OwnerChanges } from '../account/owner-changes.js';
import { Reauthentication } from '../account/reauthentication.js';
import type { Asking } from '../account/reauthentication.js';
import { sessionSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';

export interface TotpEnrolment extends TotpKey {
  /** A PNG as a data URL. */
  readonly qrCode: string;
}

/** Puts a second factor on an account, in two steps: the secret is handed over, then a code shows that it arrived. */
@Injectable()
export class MfaEnrolment {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly factors: SecondFactors,
    private readonly sessions: SessionsService,
    private readonly changes: OwnerChanges,
    private readonly guesses: Guesses,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins an enrolment, which the first right code finishes within 15 minutes.
   * @throws as `Reauthentication.checkPassword`; MfaEnrolledError; InvalidCredentialsError where the credential was changed
   * since the password was checked
   */
  async begin(password: string, asking: Asking): Promise<TotpEnrolment> {
    const account = await this.reauthentication.checkPassword(password, asking);
    if (account.mfaEnabled) throw new MfaEnrolledError();
    const key = await this.factors.begin(account, this.clock.now());
    if (!key) throw new InvalidCredentialsError();
    // Drawn rarely, and loaded then.
    const { toDataURL } = await import('qrcode');
    return { ...key, qrCode: await toDataURL(key.otpauthUri) };
  }

  /**
   * Finishes an enrolment: from now on a sign-in takes both. Every other session ends; the caller's has shown both.
   * @returns the recovery codes, which are shown this once
   * @throws MfaInvalidError where the code is wrong, no enrolment is under way any more, or the session has just ended:
   * whoever was signed out a moment ago leaves no factor behind; RateLimitedError
   */
  async confirm(code: string, asking: Asking): Promise<readonly string[]> {
    const now = this.clock.now();
    const { userId, sessionId } = asking.principal;
    const checked = await this.guesses.attempt(sessionSubjects(sessionId), asking, now, async () => {
      const enrolment = await this.factors.checkEnrolment(userId, code, now);
      return enrolment ? { outcome: 'right', found: enrolment } : { outcome: 'wrong', userId };
    });
    if (!checked) throw new MfaInvalidError();
    await this.guesses.giveBack(checked.guess);
    const codes = await this.factors.newRecoveryCodes(userId);
    const confirmed = await this.changes.make({ told: 'mfa_enabled', asking, tokens: 'stay' }, async (tx) => {
      if (!(await this.factors.confirm(tx, userId, checked.found, codes, now))) return false;
      if (!(await this.sessions.recordSecondFactor(tx, userId, sessionId))) return false;
      await this.sessions.endAllOf(tx, userId, 'mfa_enrolled', now, sessionId);
      return true;
    });
    if (!confirmed) throw new MfaInvalidError();
    return codes.printed;
  }
}
