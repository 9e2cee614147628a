import type { DataSource } from 'typeorm';
import { AuditLog } from '../../src/audit/audit-log.js';
import { loadAppConfig } from '../../src/config/load-app-config.js';
import { DataKeys } from '../../src/crypto/data-keys.js';
import { testEnvironment } from './test-app.js';
import { TestClock } from './test-clock.js';

/** The event log of a database that no service runs on, its key already open: a pool of one has no connection to spare. */
export async function auditLogOn(source: DataSource, databaseUrl: string): Promise<AuditLog> {
  const keys = new DataKeys(source, new TestClock(), loadAppConfig(testEnvironment(databaseUrl)));
  await keys.onModuleInit();
  return new AuditLog(source, keys);
}
