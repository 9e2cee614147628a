import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { Metrics } from '../observability/metrics.js';
import { Clock, addSeconds } from '../shared/clock.js';
import type { AuditEvent } from './audit-event.js';
import { AuditLog } from './audit-log.js';

const FLUSH_EVERY_MS = 5_000;
/** Further ones within this are counted into one event. */
const WINDOW_SECONDS = 60;
/** So many kinds are told apart at once; what comes beyond is counted together, by type. */
const MAX_OPEN = 10_000;

/** What makes two refusals the same: of whom or what, and from where. */
export interface RefusalSource {
  /** The account or the route. */
  readonly of: string;
  /** The network of the client. */
  readonly from: string;
}

interface Open {
  /** What the further ones are told as. */
  event: AuditEvent;
  more: number;
  readonly endsAt: Date;
}

/**
 * Refusals and failures, which anyone can cause by the thousand: the first of a kind is written at once, further ones within the
 * minute become one event with their number. Counted in memory, instance by instance, so that a flood costs no writes.
 */
@Injectable()
export class Refusals implements OnApplicationBootstrap {
  private readonly logger = new Logger(Refusals.name);
  private readonly open = new Map<string, Open>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly audit: AuditLog,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(this.clock.now()), FLUSH_EVERY_MS);
    this.timer.unref();
  }

  /** Writes what has been counted, and counts no more. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /**
   * Takes note of a refusal. It never fails: what cannot be written now is counted, and written later.
   * @returns when the first of its kind has been written, or at once
   */
  async note(event: AuditEvent, { of, from }: RefusalSource): Promise<void> {
    this.metrics.refusals.inc({ type: event.type });
    const own = keyOf(event, of, from);
    const isTold = this.open.has(own) || this.open.size < MAX_OPEN;
    const [key, told] = isTold ? [own, event] : [keyOf(event), ofMany(event)];
    const known = this.open.get(key);
    if (known && event.at < known.endsAt) {
      known.event = told;
      known.more += 1;
      return;
    }
    const first: Open = { event: told, more: 0, endsAt: addSeconds(event.at, WINDOW_SECONDS) };
    this.open.set(key, first);
    if (known) await this.tell(key, known);
    await this.audit.append(told).catch(() => {
      first.more += 1;
    });
  }

  /** @param now only what has ended by then; everything without it */
  async flush(now?: Date): Promise<void> {
    // Of those there are now: what cannot be written comes back in.
    for (const [key, counted] of [...this.open]) {
      if (now && now < counted.endsAt) continue;
      this.open.delete(key);
      await this.tell(key, counted);
    }
  }

  private async tell(key: string, counted: Open): Promise<void> {
    const { event, more } = counted;
    if (more === 0) return;
    try {
      await this.audit.append({ ...event, count: more });
    } catch (error) {
      this.logger.warn(`${more} events of type ${event.type} wait to be written: ${String(error)}`);
      const open = this.open.get(key);
      if (open) open.more += more;
      else this.open.set(key, counted);
    }
  }
}

const keyOf = ({ type }: AuditEvent, of = '', from = ''): string => JSON.stringify([type, of, from]);

const ofMany = ({ type, at, outcome }: AuditEvent): AuditEvent => ({ type, at, outcome, details: { sources: 'many' } });
