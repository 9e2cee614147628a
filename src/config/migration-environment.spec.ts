import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrationDatabaseUrl } from './migration-environment.js';

describe('the database that is migrated', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is MIGRATE_DATABASE_URL, else DATABASE_URL', () => {
    const env = { DATABASE_URL: 'postgres://app@db/x', MIGRATE_DATABASE_URL: 'postgres://owner@db/x' };

    expect(migrationDatabaseUrl(env, directory)).toBe('postgres://owner@db/x');
    expect(migrationDatabaseUrl({ DATABASE_URL: 'postgres://app@db/x' }, directory)).toBe('postgres://app@db/x');
  });

  it('comes from a file or from .env as well', () => {
    writeFileSync(join(directory, 'url'), 'postgres://owner@db/x\n');
    writeFileSync(join(directory, '.env'), 'DATABASE_URL=postgres://app@db/x');

    expect(migrationDatabaseUrl({}, directory)).toBe('postgres://app@db/x');
    expect(migrationDatabaseUrl({ MIGRATE_DATABASE_URL_FILE: join(directory, 'url') }, directory)).toBe(
      'postgres://owner@db/x',
    );
  });

  it('needs nothing else of the configuration', () => {
    expect(migrationDatabaseUrl({ NODE_ENV: 'production', DATABASE_URL: 'postgres://app@db/x' }, directory)).toBe(
      'postgres://app@db/x',
    );
  });

  it('is asked for by name where it is missing, unreadable or no Postgres URL', () => {
    expect(() => migrationDatabaseUrl({}, directory)).toThrow(/DATABASE_URL is required, or MIGRATE_DATABASE_URL/);
    expect(() => migrationDatabaseUrl({ DATABASE_URL_FILE: join(directory, 'absent') }, directory)).toThrow(
      /DATABASE_URL_FILE must/,
    );
    expect(() => migrationDatabaseUrl({ DATABASE_URL: 'mysql://u:hunter2@db/x' }, directory)).toThrow(
      /DATABASE_URL must be postgres/,
    );
    expect(() => migrationDatabaseUrl({ DATABASE_URL: 'mysql://u:hunter2@db/x' }, directory)).not.toThrow(/hunter2/);
  });
});
