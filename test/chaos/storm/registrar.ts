import { setTimeout } from 'node:timers/promises';
import type { Part } from './storm.js';
import { Wire, isOpen } from './wire.js';

/** Somebody who registered, and how often that had to be sent. */
export interface Registration {
  readonly email: string;
  readonly password: string;
  sent: number;
}

/** New users, one after another: each asks until the registration is acknowledged. */
export class Registrar {
  readonly acknowledged: Registration[] = [];

  constructor(private readonly part: Part) {}

  async register(): Promise<void> {
    const { storm, chance } = this.part;
    for (let number = 1; !storm.over; number += 1) {
      const password = `seven quiet otters ${chance.between(1e9, 9e9).toString(36)}`;
      const newcomer = { email: `newcomer-${number}@example.com`, password, sent: 0 };
      const wire = new Wire(`127.40.${number >> 8}.${number & 255}`, 'storm newcomer');
      await this.until(newcomer, wire);
      wire.close();
      await setTimeout(chance.between(1_000, 3_000));
    }
  }

  private async until(newcomer: Registration, wire: Wire): Promise<void> {
    const { storm, chance } = this.part;
    const { email, password } = newcomer;
    for (let isFirst = true; !storm.over; isFirst = false) {
      newcomer.sent += 1;
      const fate = isFirst && chance.next() < 0.1 ? 'answer lost' : 'answered';
      const message = { method: 'POST', path: '/api/register', json: { email, password } } as const;
      const reply = await wire.send(storm.instances.pick(chance), message, fate);
      if (reply.status === 202) {
        this.acknowledged.push(newcomer);
        return;
      }
      // Whoever waits through a long outage asks more often than a newcomer may in a minute.
      if (!isOpen(reply) && reply.status !== 429) {
        storm.ledger.object(`a registration was refused with ${reply.verdict}`);
        return;
      }
      await setTimeout(reply.status === 429 ? 5_000 : 1_000);
    }
  }
}
