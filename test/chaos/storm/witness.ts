import { setTimeout } from 'node:timers/promises';
import type { Instance } from './instances.js';
import type { Ending, HandedOver } from './ledger.js';
import type { Part } from './storm.js';
import { AT_MOST_MS, WITHIN_MS, mustConcern } from './verdict.js';
import { Wire } from './wire.js';

/** When an instance is asked, in milliseconds after the acknowledgement: on the way, and right beyond each bound. */
const ELSEWHERE_MS = [40, 300, 700, WITHIN_MS + 5, WITHIN_MS + 400, 3_000, AT_MOST_MS + 5, AT_MOST_MS + 2_000];
const HERE_MS = [0, 500];
/** Of one ending; a bulk one may concern many. */
const MOST_SESSIONS = 3;
const ADDRESSES = 16;
const GRAVES_PACE_MS = 120;

interface Grave extends HandedOver {
  readonly sessionId: string;
}

/** Shows what has been revoked at every instance: on the very next request, around the bounds, and ever after. */
export class Witness {
  private readonly wires = Array.from(
    { length: ADDRESSES },
    (_, at) => new Wire(`127.30.0.${at + 1}`, 'storm witness'),
  );
  private readonly graves: Grave[] = [];
  private readonly asking = new Set<Promise<void>>();

  constructor(private readonly part: Part) {
    part.storm.ledger.onAcknowledged = (ending) => {
      this.bury(ending);
    };
  }

  /** Goes round all that has ended, for as long as the storm lasts. */
  async haunt(): Promise<void> {
    const { storm, chance } = this.part;
    while (!storm.over) {
      if (this.graves.length > 0) await this.ask(storm.instances.pick(chance), chance.pick(this.graves));
      await setTimeout(GRAVES_PACE_MS);
    }
    await Promise.all(this.asking);
  }

  close(): void {
    for (const wire of this.wires) wire.close();
  }

  private bury(ending: Ending): void {
    const { ledger, instances } = this.part.storm;
    const concerned = [...ledger.sessions.values()].filter((session) => mustConcern(ending, session));
    for (const { id: sessionId } of concerned.slice(-MOST_SESSIONS)) {
      const dead = (ledger.tokens.get(sessionId) ?? []).find(
        ({ tokenMs }) => ending.effect === 'ended' || tokenMs < ending.sinceMs,
      );
      if (!dead) continue;
      const grave = { ...dead, sessionId };
      this.graves.push(grave);
      for (const instance of instances.all) {
        for (const afterMs of instance.name === ending.instance ? HERE_MS : ELSEWHERE_MS) {
          this.askLater(instance, grave, ending.doneMs + afterMs);
        }
      }
    }
  }

  private askLater(instance: Instance, grave: Grave, atMs: number): void {
    const asked = setTimeout(Math.max(0, atMs - performance.now()))
      .then(() => (this.part.storm.over ? undefined : this.ask(instance, grave)))
      .finally(() => this.asking.delete(asked));
    this.asking.add(asked);
  }

  private async ask(instance: Instance, { sessionId, accessToken: token, tokenMs, askedMs }: Grave): Promise<void> {
    const wire = this.part.chance.pick(this.wires);
    const reply = await wire.send(instance, { method: 'GET', path: '/api/protected', token });
    const call = { what: 'guarded', by: 'witness', sessionId, tokenMs, askedMs, instance: instance.name } as const;
    this.part.storm.ledger.call(call, reply);
  }
}
