import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { UserId } from '../../shared/ids.js';
import { SessionsService } from '../../tokens/sessions/sessions.service.js';
import type { RevocationReason } from '../../tokens/sessions/revocation-reason.js';
import { ActionLinks } from '../../users/action-links.js';
import { CredentialChanges } from './credential-changes.js';

/** Ends every way into an account that is open: tokens, sessions, sign-ins under way and mailed links. */
@Injectable()
export class AccessEnding {
  constructor(
    private readonly changes: CredentialChanges,
    private readonly links: ActionLinks,
    private readonly sessions: SessionsService,
  ) {}

  /** In a transaction of `Revocations.transaction`. What it ends stays so, whatever becomes of the account. */
  async end(tx: EntityManager, userId: UserId, reason: RevocationReason, now: Date): Promise<void> {
    await this.changes.record(tx, userId, 'stale', now);
    await this.links.endAll(tx, userId);
    await this.sessions.endAllOf(tx, userId, reason, now);
  }
}
