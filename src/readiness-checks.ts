import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Readiness } from './http/readiness.js';
import { Metrics } from './observability/metrics.js';
import { RevocationFeed } from './tokens/revocation/revocation-feed.js';

/** What this service cannot do without, under the names that `/health/ready` gives them. */
@Injectable()
export class ReadinessChecks implements OnModuleInit {
  constructor(
    private readonly readiness: Readiness,
    private readonly dataSource: DataSource,
    private readonly feed: RevocationFeed,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.readiness.register('database', async () => {
      await this.dataSource.query('SELECT 1');
    });
    this.readiness.register('revocations', () => this.feed.assertCurrent());
    const isReady = async (): Promise<number> => ((await this.readiness.report()).status === 'up' ? 1 : 0);
    this.metrics.measure('gatehouse_ready', '1 while /health/ready answers 200, otherwise 0.', isReady, 0);
  }
}
