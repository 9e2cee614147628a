import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { rows } from '../../database/sql.js';

const EVERY_MS = 60_000;
const BATCH = 1_000;
const MAX_BATCHES = 50;

const DELETE_EXPIRED = `
  DELETE FROM revocations WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM revocations WHERE expires_at <= now() ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
  )) RETURNING id`;

/**
 * Deletes revocations that no live token can meet any more, in small batches. Every instance does; rows that another one is
 * deleting are passed over, so that they neither wait for nor repeat each other's work.
 */
@Injectable()
export class RevocationCleanup implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RevocationCleanup.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tryRun(), EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** @returns how many were deleted */
  async run(): Promise<number> {
    let deleted = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const { length } = await rows(this.dataSource, DELETE_EXPIRED);
      deleted += length;
      if (length < BATCH) break;
    }
    return deleted;
  }

  private async tryRun(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.logger.warn(`expired revocations could not be deleted: ${String(error)}`);
    }
  }
}
