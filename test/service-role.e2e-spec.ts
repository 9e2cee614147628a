import { DataSource } from 'typeorm';
import { EventRetention } from '../src/audit/seals/event-retention.js';
import { EventSealer } from '../src/audit/seals/event-sealer.js';
import { loadAppConfig } from '../src/config/load-app-config.js';
import { migrateDatabase } from '../src/migrate-database.js';
import { createTestDatabase, onServer } from './support/database.js';
import type { TestDatabase } from './support/database.js';
import { ADMIN, startTestApp, testEnvironment } from './support/test-app.js';
import type { TestApp } from './support/test-app.js';

const ROLE = 'gatehouse service "role"';
const PASSWORD = 'of-these-tests';

/** The service runs as a role that owns nothing; another one migrates. */
describe('a deployment with two roles', () => {
  let database: TestDatabase;
  let service: TestApp;
  let asService: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase('empty');
    await onServer(async (query) => {
      await query(`DO $$ BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'gatehouse service "role"')
        THEN CREATE ROLE "gatehouse service ""role""" LOGIN PASSWORD '${PASSWORD}'; END IF; END $$`);
      return [];
    }, database.url);
    const own = new URL(database.url);
    own.username = encodeURIComponent(ROLE);
    own.password = PASSWORD;
    const env = { MIGRATE_DATABASE_URL: database.url };
    await migrateDatabase(loadAppConfig(testEnvironment(own.href, env)), () => undefined);
    service = await startTestApp({ database: { ...database, url: own.href }, env });
    asService = service.app.get(DataSource);
  });
  afterAll(async () => {
    await service.close();
    await database.drop();
    await onServer((query) => query(`DROP ROLE "gatehouse service ""role"""`));
  });

  it('does all that the service does: sign-ins, their events, the seals, the months to come', async () => {
    const admin = await service.api.signIn(ADMIN);
    expect((await service.api.refresh(admin.refreshToken)).status).toBe(200);
    await service.app.get(EventSealer, { strict: false }).seal();
    const verified = await service.api.get('/api/admin/events/verify', admin.accessToken);
    expect(verified.body).toMatchObject({ intact: true });
    expect(Number(verified.body.events)).toBeGreaterThan(0);
    service.clock.advance(100 * 24 * 60 * 60);
    await service.app.get(EventRetention, { strict: false }).run();
    const [row] = await service.sql<{ months: number }>(
      `SELECT count(*)::int AS months FROM pg_inherits WHERE inhparent = 'audit_events'::regclass`,
    );
    expect(row?.months).toBeGreaterThan(6);
  });

  it.each([
    `UPDATE audit_events SET type = 'session_logout'`,
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    'DELETE FROM audit_events_other',
    'SELECT 1 FROM audit_events_other',
    'DELETE FROM audit_seals',
    'UPDATE audit_seals SET total = 0',
    'ALTER TABLE audit_events DISABLE TRIGGER ALL',
    'DROP TABLE audit_events_other',
    'SET session_replication_role = replica',
    `INSERT INTO schema_migrations (timestamp, name) VALUES (1, 'x')`,
  ])('may not: %s', async (statement) => {
    await expect(asService.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('can have no month removed that is not old', async () => {
    await expect(asService.query('SELECT audit_remove_piece(now()::date)')).rejects.toThrow('not old enough');
  });
});
