import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Metrics } from './observability/metrics.js';

/** Measures the pool of connections to Postgres: what waits there waits before any statement is sent. */
@Injectable()
export class PoolMetrics implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const measure = (name: string, help: string, read: (pool: pg.Pool) => number): void => {
      this.metrics.measure(`gatehouse_database_${name}`, help, () => this.of(read));
    };
    measure('connections_open', 'Connections to Postgres that are open.', ({ totalCount }) => totalCount);
    measure('connections_idle', 'Connections to Postgres that nobody uses.', ({ idleCount }) => idleCount);
    measure('connections_waited_for', 'Requests that wait for a connection.', ({ waitingCount }) => waitingCount);
    measure('connections_limit', 'Connections that this instance opens at most.', ({ options }) => options.max);
  }

  /** TypeORM keeps its pool to itself, and names it in no type. */
  private of(read: (pool: pg.Pool) => number): number {
    const pool: unknown = Reflect.get(this.dataSource.driver, 'master');
    return pool instanceof pg.Pool ? read(pool) : NaN;
  }
}
