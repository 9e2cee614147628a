import { setTimeout } from 'node:timers/promises';
import type { Device } from './device.js';
import type { Part } from './storm.js';
import { Wire } from './wire.js';

/** So many steps on nothing but a theft explains a refresh token, whatever the grace. */
const STEPS_ON = 3;
const LOOKS_MS = 200;

/** Copies a refresh token off a device, and shows it once its owner has gone on. */
export class Thief {
  private readonly wire = new Wire('127.66.6.6', 'storm thief');

  constructor(
    private readonly part: Part,
    private readonly devices: readonly Device[],
  ) {}

  async steal(): Promise<void> {
    const { chance } = this.part;
    while (!this.isOver()) {
      await setTimeout(chance.between(500, 1_500));
      const victim = chance.pick(this.devices);
      const stolen = victim.holding;
      if (!stolen) continue;
      const { session, refreshToken, generation } = stolen;
      const isSignedIn = (): boolean => victim.holding?.session === session;
      const hasGoneOn = (): boolean => (victim.holding?.generation ?? 0) >= generation + STEPS_ON;
      while (!this.isOver() && isSignedIn() && !hasGoneOn()) await setTimeout(LOOKS_MS);
      if (isSignedIn() && hasGoneOn()) await this.present(session.id, refreshToken, generation);
    }
  }

  close(): void {
    this.wire.close();
  }

  private isOver(): boolean {
    return this.part.storm.over;
  }

  /** Until it is answered: found out each time, however often. */
  private async present(sessionId: string, refreshToken: string, generation: number): Promise<void> {
    const { storm, chance } = this.part;
    for (;;) {
      const instance = storm.instances.pick(chance);
      const message = { method: 'POST', path: '/api/refresh', json: { refreshToken } } as const;
      const theft = { what: 'a thief shows a spent refresh token', effect: 'ended', reason: 'refresh_reuse' } as const;
      const ending = storm.ledger.begin({ ...theft, scope: { sessionId }, instance: instance.name });
      const reply = await this.wire.send(instance, message);
      const isFoundOut = reply.verdict === 'refresh_reused' || reply.verdict === 'session_revoked';
      // Whoever else ended it did so before: what is answered with `session_revoked` need not be known to this instance.
      storm.ledger.settle(ending, reply, reply.verdict === 'refresh_reused');
      const call = {
        what: 'refresh',
        by: 'thief',
        sessionId,
        tokenMs: 0,
        askedMs: 0,
        generation,
        instance: instance.name,
      } as const;
      storm.ledger.call(call, reply);
      if (isFoundOut) return;
      if (reply.status !== 0 && reply.status !== 503) {
        storm.ledger.object(`a thief was answered with ${reply.verdict} by ${instance.name}`, { sessionId });
        return;
      }
      await setTimeout(200);
    }
  }
}
