import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { row } from '../../database/sql.js';
import type { UserId } from '../../shared/ids.js';
import { Revocations } from '../../tokens/revocation/revocations.js';

/** What every change of an owner's proof of identity has in common. */
@Injectable()
export class CredentialChanges {
  constructor(private readonly revocations: Revocations) {}

  /**
   * Ends what the old credential could still be used for: sign-ins under way, their second steps, and mailed links.
   * In a transaction of `Revocations.transaction`, with the change itself.
   * @param tokens `stale`: access tokens that are out must be refreshed before they are accepted again
   * @param checked the credential version at which the owner proved to be one, where that was asked for
   * @returns false, and nothing changed, where there is no such account or its credential has changed since
   */
  async record(
    tx: EntityManager,
    userId: UserId,
    tokens: 'stale' | 'stay',
    now: Date,
    checked?: number,
  ): Promise<boolean> {
    const raised = await row<{ ver: number }>(
      tx,
      `UPDATE users SET credential_version = credential_version + 1, ver = ver + $2
       WHERE id = $1 AND ($3::integer IS NULL OR credential_version = $3) RETURNING ver`,
      [userId, tokens === 'stale' ? 1 : 0, checked ?? null],
    );
    if (!raised) return false;
    await tx.query('DELETE FROM mfa_challenges WHERE user_id = $1', [userId]);
    // That the address is theirs is shown by a link to verify it, whatever the password is.
    await tx.query(`DELETE FROM action_links WHERE user_id = $1 AND purpose <> 'verify_email'`, [userId]);
    if (tokens === 'stale')
      await this.revocations.append(tx, [{ kind: 'user', subject: userId, minimum: raised.ver }], now);
    return true;
  }
}
