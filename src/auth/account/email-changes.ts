import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Outbox } from '../../mail/outbox.js';
import { Clock } from '../../shared/clock.js';
import type { EmailAddress } from '../../users/email-address.js';
import { Reauthentication } from './reauthentication.js';
import type { Asking, OwnerProof } from './reauthentication.js';

/** Owners who want another address for their account. */
@Injectable()
export class EmailChanges {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly outbox: Outbox,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks for another address, which takes effect from the link that is mailed to it. The old address is told. The caller
   * does not learn whether the other one is taken: its owner does, by mail.
   * @throws as `Reauthentication.check`
   */
  async request(proof: OwnerProof, to: EmailAddress, asking: Asking): Promise<void> {
    const { id: userId, email, credentialVersion } = await this.reauthentication.check(proof, asking);
    if (to === email) return;
    const details = { at: this.clock.now().toISOString(), ip: asking.client.ip };
    await this.dataSource.transaction(async (tx) => {
      await this.outbox.add(tx, { purpose: 'email_change', userId, to, details: { ...details, credentialVersion } });
      await this.outbox.add(tx, { purpose: 'email_change_requested', userId, to: email, details });
    });
  }
}
