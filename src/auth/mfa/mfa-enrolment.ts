import { Injectable } from '@nestjs/common';
import { toDataURL } from 'qrcode';
import { Clock } from '../../shared/clock.js';
import { SessionsService } from '../../tokens/sessions/sessions.service.js';
import { SecondFactors } from '../../users/mfa/second-factors.js';
import type { TotpKey } from '../../users/mfa/totp.js';
import { MfaEnrolledError, MfaInvalidError } from '../../users/users.errors.js';
import { OwnerChanges } from '../account/owner-changes.js';
import { Reauthentication } from '../account/reauthentication.js';
import type { Asking } from '../account/reauthentication.js';
import { Guesses, sessionSubjects } from '../guesses/guesses.js';

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
   * @throws as `Reauthentication.checkPassword`; MfaEnrolledError
   */
  async begin(password: string, asking: Asking): Promise<TotpEnrolment> {
    const account = await this.reauthentication.checkPassword(password, asking);
    if (account.mfaEnabled) throw new MfaEnrolledError();
    const key = await this.factors.begin(account, this.clock.now());
    if (!key) throw new MfaEnrolledError();
    return { ...key, qrCode: await toDataURL(key.otpauthUri) };
  }

  /**
   * Finishes an enrolment: from now on a sign-in takes both. Every other session ends; the caller's has shown both.
   * @returns the recovery codes, which are shown this once
   * @throws MfaInvalidError where the code is wrong, or no enrolment is under way; RateLimitedError
   */
  async confirm(code: string, asking: Asking): Promise<readonly string[]> {
    const now = this.clock.now();
    const { userId, sessionId } = asking.principal;
    const checked = await this.guesses.attempt(sessionSubjects(sessionId), asking, now, async () => {
      const step = await this.factors.checkEnrolment(userId, code, now);
      return step === undefined ? { outcome: 'wrong', userId } : { outcome: 'right', found: step };
    });
    if (!checked) throw new MfaInvalidError();
    await this.guesses.giveBack(checked.guess);
    const codes = await this.factors.newRecoveryCodes(userId);
    const confirmed = await this.changes.make({ told: 'mfa_enabled', asking, tokens: 'stay' }, async (tx) => {
      if (!(await this.factors.confirm(tx, userId, checked.found, codes, now))) return false;
      await this.sessions.recordSecondFactor(tx, sessionId);
      await this.sessions.endAllOf(tx, userId, 'mfa_enrolled', now, sessionId);
      return true;
    });
    if (!confirmed) throw new MfaInvalidError();
    return codes.printed;
  }
}
