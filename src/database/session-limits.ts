import { Injectable, Logger } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import { rows } from './sql.js';

const UNBOUNDED = `
  SELECT name FROM pg_settings
  WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') AND setting = '0'
  ORDER BY name`;

/**
 * Says at the start which limits a session lacks. Where connections are Postgres' own they are asked for as each begins; a
 * pooler of transactions refuses that, so that they have to be the role's.
 */
@Injectable()
export class SessionLimits implements OnApplicationBootstrap {
  private readonly logger = new Logger('Database');

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.database.pooler !== 'transaction' || !this.dataSource.isInitialized) return;
    const missing = (await rows<{ name: string }>(this.dataSource, UNBOUNDED)).map(({ name }) => name);
    if (missing.length === 0) return;
    this.logger.warn(
      `Behind a pooler of transactions, nothing bounds ${missing.join(', ')}: a statement that hangs holds its locks and ` +
        'its connection. Give the role of the service its limits: ALTER ROLE … SET statement_timeout, and so on.',
    );
  }
}
