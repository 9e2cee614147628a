import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { row } from '../../database/sql.js';
import { Metrics } from '../../observability/metrics.js';
import { oneAtATime } from '../../observability/one-at-a-time.js';
import { Clock } from '../../shared/clock.js';
import { EventSealer } from './event-sealer.js';

/** More is told as this many: what matters is that it is far too many, and a scrape may not count a flood. */
const MOST_COUNTED = 10_000;
const READ = `
  SELECT (SELECT id FROM audit_unsealed ORDER BY id LIMIT 1) AS oldest,
         (SELECT count(*)::int FROM (SELECT FROM audit_unsealed LIMIT ${MOST_COUNTED}) AS waiting) AS count`;

/** Measures how far sealing is behind: until its seal, an event can be taken away unseen. */
@Injectable()
export class SealLag implements OnApplicationBootstrap {
  private readonly read = oneAtATime(() => row<{ oldest: string | null; count: number }>(this.dataSource, READ));

  constructor(
    private readonly dataSource: DataSource,
    private readonly sealer: EventSealer,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    const waiting = `Events that wait for their seal, by all instances; ${MOST_COUNTED} where there are more.`;
    this.metrics.measure('gatehouse_events_unsealed', waiting, async () => (await this.read())?.count ?? NaN);
    const lag = 'How long this instance has seen the oldest event wait for its seal; 0 where none does.';
    this.metrics.measure('gatehouse_event_seal_lag_seconds', lag, () => this.lagSeconds());
  }

  /** Since it was seen, not made: what was counted for a minute is told by the time at which it happened. */
  private async lagSeconds(): Promise<number> {
    const oldest = (await this.read())?.oldest;
    const since = oldest && this.sealer.seenWaitingSince(oldest);
    return since ? Math.max(0, this.clock.now().getTime() - since.getTime()) / 1000 : 0;
  }
}
