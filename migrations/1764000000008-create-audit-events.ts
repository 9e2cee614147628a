import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAuditEvents1764000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // No foreign keys: an event outlives whoever it is about.
    await runner.query(`
      CREATE TABLE audit_events (
        id uuid PRIMARY KEY,
        type text NOT NULL,
        at timestamptz NOT NULL,
        actor_id uuid,
        user_id uuid,
        session_id uuid,
        ip inet,
        user_agent text,
        outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
        details jsonb NOT NULL DEFAULT '{}'
      )`);
    await runner.query(`
      CREATE FUNCTION audit_events_are_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'audit_events takes no %', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await runner.query(`
      CREATE TRIGGER audit_events_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_insert_only()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_events');
    await runner.query('DROP FUNCTION audit_events_are_insert_only()');
  }
}
