import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CreateAuditEvents1764000000008 } from './1764000000008-create-audit-events.js';

/** How many months are there before they begin. */
const MONTHS_AHEAD = 3;

export class SealAuditEvents1764000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await setUnsealedAside(runner);
    await createTables(runner);
    await protectTables(runner);
    await createPieceFunctions(runner);
    await runner.query(
      `SELECT audit_ensure_piece((date_trunc('month', now() AT TIME ZONE 'UTC') + month * interval '1 month')::date)
       FROM generate_series(0, ${MONTHS_AHEAD}) AS month`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION audit_remove_piece(date)');
    await runner.query('DROP FUNCTION audit_ensure_piece(date)');
    await runner.query('DROP TABLE audit_unsealed');
    await runner.query('DROP TABLE audit_seals');
    await runner.query('DROP TABLE audit_events');
    await runner.query('DROP FUNCTION audit_seals_outlive_their_events()');
    await runner.query('DROP FUNCTION audit_events_are_insert_only()');
    await runner.query('DROP FUNCTION audit_piece_start(date)');
    await runner.query('DROP FUNCTION audit_piece_table(date)');
    await new CreateAuditEvents1764000000008().up(runner);
  }
}

/** Events from before there were seals can have none: they are kept as they are, outside of what is sealed. */
async function setUnsealedAside(runner: QueryRunner): Promise<void> {
  const found = (await runner.query('SELECT 1 FROM audit_events LIMIT 1')) as unknown[];
  if (found.length === 0) {
    await runner.query('DROP TABLE audit_events');
    await runner.query('DROP FUNCTION audit_events_are_insert_only()');
    return;
  }
  await runner.query('ALTER TABLE audit_events RENAME TO audit_events_before_seals');
  await runner.query('ALTER INDEX audit_events_pkey RENAME TO audit_events_before_seals_pkey');
  await runner.query(
    'ALTER FUNCTION audit_events_are_insert_only() RENAME TO audit_events_before_seals_are_insert_only',
  );
}

async function createTables(runner: QueryRunner): Promise<void> {
  // Months are cut by id, a UUIDv7 made from the event's own time: one index serves key, order and time alike. No foreign
  // keys: an event outlives whoever it is about.
  await runner.query(`
    CREATE TABLE audit_events (
      id uuid PRIMARY KEY,
      type text NOT NULL,
      at timestamptz NOT NULL CHECK (at = date_trunc('milliseconds', at)),
      actor_id uuid,
      user_id uuid,
      session_id uuid,
      ip inet,
      user_agent text,
      request_id text,
      outcome text NOT NULL CHECK (outcome IN ('success', 'failure')),
      count integer NOT NULL CHECK (count >= 1),
      details jsonb NOT NULL,
      -- Made by whoever wrote the row, over all of it, with a key that the database holds only wrapped.
      mac bytea NOT NULL CHECK (length(mac) = 32)
    ) PARTITION BY RANGE (id)`);
  await runner.query('CREATE INDEX audit_events_by_user ON audit_events (user_id, id) WHERE user_id IS NOT NULL');
  await runner.query('CREATE INDEX audit_events_by_type ON audit_events (type, id)');
  // What comes while nobody makes the next month: an event is never refused for want of a table.
  await runner.query('CREATE TABLE audit_events_other PARTITION OF audit_events DEFAULT');
  await runner.query('CREATE TABLE audit_unsealed (id uuid PRIMARY KEY)');
  await runner.query(`
    CREATE TABLE audit_seals (
      number bigint PRIMARY KEY CHECK (number >= 1),
      -- The month whose events it covers.
      piece date NOT NULL CHECK (piece = date_trunc('month', piece)::date),
      sealed_at timestamptz NOT NULL,
      count integer NOT NULL CHECK (count >= 1 AND count = cardinality(event_ids)),
      -- How many events all seals up to this one cover.
      total bigint NOT NULL,
      event_ids uuid[] NOT NULL,
      digest bytea NOT NULL CHECK (length(digest) = 32),
      previous bytea NOT NULL CHECK (length(previous) = 32),
      head bytea NOT NULL CHECK (length(head) = 32)
    )`);
  await runner.query('CREATE INDEX audit_seals_by_piece ON audit_seals (piece, number)');
  await runner.query('CREATE INDEX audit_seals_by_time ON audit_seals (sealed_at)');
}

async function protectTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION audit_piece_table(piece date) RETURNS text LANGUAGE sql IMMUTABLE AS $$
      SELECT 'audit_events_' || to_char(piece, 'YYYY_MM')
    $$`);
  await runner.query(`
    CREATE FUNCTION audit_events_are_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% takes no %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
    END $$`);
  // Row by row, since a trigger of the whole is passed by when a statement names one month's table. TRUNCATE knows no rows:
  // each table has a trigger of its own.
  await runner.query(`
    CREATE TRIGGER audit_events_insert_only BEFORE UPDATE OR DELETE ON audit_events
      FOR EACH ROW EXECUTE FUNCTION audit_events_are_insert_only()`);
  await runner.query(`
    CREATE FUNCTION audit_seals_outlive_their_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND to_regclass(audit_piece_table(OLD.piece)) IS NULL THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION '% takes no %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
    END $$`);
  await runner.query(`
    CREATE TRIGGER audit_seals_insert_only BEFORE UPDATE OR DELETE ON audit_seals
      FOR EACH ROW EXECUTE FUNCTION audit_seals_outlive_their_events()`);
  for (const table of ['audit_events', 'audit_events_other', 'audit_seals'])
    await runner.query(
      `CREATE TRIGGER ${table}_no_truncate BEFORE TRUNCATE ON ${table}
         FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_insert_only()`,
    );
}

/**
 * Months come and go by these two alone. They run with the rights of whoever owns the tables, so that the service's own role
 * need not own them.
 */
async function createPieceFunctions(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION audit_piece_start(piece date) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
      SELECT (lpad(to_hex((extract(epoch FROM piece) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
    $$`);
  await runner.query(`
    CREATE FUNCTION audit_ensure_piece(piece date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DECLARE
      month date := date_trunc('month', piece)::date;
      start uuid := audit_piece_start(month);
      stop uuid := audit_piece_start((month + interval '1 month')::date);
      name text := audit_piece_table(month);
    BEGIN
      IF to_regclass(name) IS NOT NULL
         OR EXISTS (SELECT 1 FROM audit_events_other WHERE id >= start AND id < stop) THEN
        RETURN false;
      END IF;
      EXECUTE format('CREATE TABLE %I PARTITION OF audit_events FOR VALUES FROM (%L) TO (%L)', name, start, stop);
      EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I
                      FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_insert_only()', name || '_no_truncate', name);
      RETURN true;
    END $$`);
  // Whatever it is told, this month and the one before stay.
  await runner.query(`
    CREATE FUNCTION audit_remove_piece(piece date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    DECLARE
      month date := date_trunc('month', piece)::date;
      anchor bigint;
    BEGIN
      IF month >= date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month' THEN
        RAISE EXCEPTION 'the events of % are not old enough to be removed', month USING ERRCODE = 'insufficient_privilege';
      END IF;
      IF EXISTS (SELECT 1 FROM audit_unsealed
                 WHERE id < audit_piece_start((month + interval '1 month')::date)) THEN
        RAISE EXCEPTION 'events of % are not sealed yet', month USING ERRCODE = 'object_not_in_prerequisite_state';
      END IF;
      EXECUTE format('DROP TABLE %I', audit_piece_table(month));
      -- The last seal of what is gone stays, for the next one to hang on.
      SELECT coalesce(min(number) FILTER (WHERE audit_seals.piece > month) - 1, max(number)) INTO anchor FROM audit_seals;
      DELETE FROM audit_seals WHERE number < anchor;
    END $$`);
  await runner.query('REVOKE EXECUTE ON FUNCTION audit_ensure_piece(date), audit_remove_piece(date) FROM PUBLIC');
}
