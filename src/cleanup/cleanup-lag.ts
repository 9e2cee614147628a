import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Metrics } from '../observability/metrics.js';
import type { ExpiredRows } from './expired-rows.js';

/** Measures how far behind each kind is: the age of the oldest row that should be gone. */
@Injectable()
export class CleanupLag {
  private readonly knownSince = new Map<string, Date>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
  ) {}

  async isDue(kind: ExpiredRows, now: Date): Promise<boolean> {
    return (await kind.oldest(this.dataSource, now)) !== undefined;
  }

  /** Tells what is still there after a round, whoever was to delete it. */
  async tell(kind: ExpiredRows, now: Date): Promise<void> {
    const since = (await kind.oldest(this.dataSource, now)) ?? now;
    this.knownSince.set(kind.what, since);
    this.set(kind.what, since, now);
  }

  /** Nothing can be read: it has been growing since what was known last. */
  tellUnknown({ what }: ExpiredRows, now: Date): void {
    const since = this.knownSince.get(what);
    if (since) this.set(what, since, now);
    else this.knownSince.set(what, now);
  }

  private set(what: string, since: Date, now: Date): void {
    this.metrics.cleanupLag.set({ what }, Math.max(0, now.getTime() - since.getTime()) / 1000);
  }
}
