import { Injectable } from '@nestjs/common';
import { SecondFactors } from '../../users/mfa/second-factors.js';
import { InvalidCredentialsError } from '../auth.errors.js';
import { OwnerChanges } from '../account/owner-changes.js';
import { Reauthentication } from '../account/reauthentication.js';
import type { Asking, OwnerProof } from '../account/reauthentication.js';

/** What an owner does with a second factor that is on; each takes both factors. */
@Injectable()
export class MfaChanges {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly factors: SecondFactors,
    private readonly changes: OwnerChanges,
  ) {}

  /** Takes the second factor off the account. @throws as `Reauthentication.checkBoth` */
  async remove(proof: OwnerProof, asking: Asking): Promise<void> {
    const { id, credentialVersion: checked } = await this.reauthentication.checkBoth(proof, asking);
    const removed = await this.changes.make({ told: 'mfa_disabled', asking, tokens: 'stale', checked }, (tx) =>
      this.factors.remove(tx, id),
    );
    if (!removed) throw new InvalidCredentialsError();
  }

  /** @returns the new recovery codes, which are shown this once. @throws as `Reauthentication.checkBoth` */
  async replaceRecoveryCodes(proof: OwnerProof, asking: Asking): Promise<readonly string[]> {
    const { id, credentialVersion: checked } = await this.reauthentication.checkBoth(proof, asking);
    const codes = await this.factors.newRecoveryCodes(id);
    const change = { told: 'recovery_codes_replaced', asking, tokens: 'stay', checked } as const;
    const replaced = await this.changes.make(change, async (tx) => {
      await this.factors.replaceRecoveryCodes(tx, id, codes);
      return true;
    });
    if (!replaced) throw new InvalidCredentialsError();
    return codes.printed;
  }
}
