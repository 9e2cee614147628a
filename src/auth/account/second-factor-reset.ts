import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { UserId } from '../../shared/ids.js';
import { SessionsService } from '../../tokens/sessions/sessions.service.js';
import { SecondFactors } from '../../users/mfa/second-factors.js';
import { secondFactorSubjects } from '../guesses/guess-subjects.js';
import { Guesses } from '../guesses/guesses.js';
import { CredentialChanges } from './credential-changes.js';

/** Takes off a second factor that its owner has lost, with all that was opened or counted by it. */
@Injectable()
export class SecondFactorReset {
  constructor(
    private readonly factors: SecondFactors,
    private readonly changes: CredentialChanges,
    private readonly sessions: SessionsService,
    private readonly guesses: Guesses,
  ) {}

  /**
   * In a transaction of `Revocations.transaction`.
   * @returns false, and nothing changed, where the account has none
   */
  async reset(tx: EntityManager, userId: UserId, now: Date): Promise<boolean> {
    if (!(await this.factors.remove(tx, userId))) return false;
    await this.changes.record(tx, userId, 'stale', now);
    // Sessions that were opened with the lost factor say so for as long as they live.
    await this.sessions.endAllOf(tx, userId, 'mfa_reset', now);
    await this.guesses.forget(tx, secondFactorSubjects(userId, 'anywhere'), now);
    return true;
  }
}
