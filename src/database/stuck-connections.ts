import { performance } from 'node:perf_hooks';
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PoolConnections } from './pool-connections.js';

const LOOK_EVERY_MS = 1_000;
/** A little before the answers that are under way are cut off: those that wait for Postgres say so by then. */
const PATIENCE_MS = 8_500;

/**
 * Keeps a stop bounded where Postgres takes questions and does not answer: much of it waits for an answer, one thing after
 * another, each as long as a question may take.
 */
@Injectable()
export class StuckConnections implements OnModuleDestroy {
  private readonly logger = new Logger('Database');

  constructor(
    private readonly connections: PoolConnections,
    private readonly dataSource: DataSource,
  ) {}

  onModuleDestroy(): void {
    const toldMs = performance.now();
    const looking = setInterval(() => {
      const stuck = this.connections.look();
      const waitedMs = Math.round(performance.now() - toldMs);
      if (!this.dataSource.isInitialized) clearInterval(looking);
      else if (stuck > 0 && waitedMs >= PATIENCE_MS) {
        clearInterval(looking);
        this.logger.warn(
          `Postgres has not answered on ${stuck} connections ${waitedMs} ms after the stop began: all are cut`,
        );
        this.connections.cut();
      }
    }, LOOK_EVERY_MS);
    looking.unref();
  }
}
