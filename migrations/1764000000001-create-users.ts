import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1764000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id uuid PRIMARY KEY,
        email text NOT NULL CONSTRAINT users_email_unique UNIQUE,
        email_verified_at timestamptz,
        name text,
        password_hash text,
        -- Raised whenever what proves the owner changes: a sign-in that checked an older one opens no session.
        credential_version integer NOT NULL DEFAULT 1,
        -- Raised whenever tokens already issued say something that is no longer true.
        ver integer NOT NULL DEFAULT 1,
        roles text[] NOT NULL DEFAULT '{}' CHECK (cardinality(roles) <= 16),
        disabled_at timestamptz,
        created_at timestamptz NOT NULL,
        last_login_at timestamptz
      )`);
    await runner.query(`CREATE INDEX users_admins ON users (id) WHERE 'admin' = ANY (roles)`);
    // All that the tokens folder sees of an account.
    await runner.query(`
      CREATE VIEW token_subjects AS
        SELECT id AS user_id, roles, disabled_at IS NOT NULL AS disabled, ver, credential_version FROM users`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP VIEW token_subjects');
    await runner.query('DROP TABLE users');
  }
}
