import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSessions1764000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A refresh rewrites its row in place: no index covers a column that it changes, and pages keep room for the
    // new version (heap-only tuples), so that a session costs one row however often it is refreshed.
    await runner.query(`
      CREATE TABLE sessions (
        id uuid PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        generation integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
        salt bytea NOT NULL CHECK (length(salt) = 32),
        -- Short hash of the REFRESH_SECRET that made the current generation's refresh token.
        secret_id text NOT NULL,
        -- When the previous generation, and the one before it, were spent.
        rotated_at timestamptz,
        previous_rotated_at timestamptz,
        idempotency_key_hash bytea,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        idle_expires_at timestamptz NOT NULL,
        absolute_expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoked_reason text,
        ip inet NOT NULL,
        user_agent text,
        last_ip inet NOT NULL,
        last_user_agent text,
        device_name text,
        amr text[] NOT NULL,
        authenticated_at timestamptz NOT NULL
      ) WITH (fillfactor = 80)`);
    await runner.query('CREATE INDEX sessions_by_user ON sessions (user_id, id DESC)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sessions');
  }
}
