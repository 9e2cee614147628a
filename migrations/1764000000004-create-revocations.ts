import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRevocations1764000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Readers follow by transaction id, not by insertion order: a row that commits late is still above the
    // oldest transaction that was running when they last read.
    await runner.query(`
      CREATE TABLE revocations (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        kind text NOT NULL CHECK (kind IN ('session', 'token', 'user', 'key', 'era')),
        subject text NOT NULL,
        minimum integer,
        appended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        expires_at timestamptz NOT NULL,
        CHECK ((minimum IS NOT NULL) = (kind IN ('user', 'era')))
      )`);
    await runner.query('CREATE INDEX revocations_by_xid ON revocations (xid)');
    await runner.query('CREATE INDEX revocations_by_expiry ON revocations (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE revocations');
  }
}
