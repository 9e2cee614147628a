import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateActionLinks1764000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // One of a purpose for each user: a newer link takes the place of the older, which is thereby ended.
    await runner.query(`
      CREATE TABLE action_links (
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        purpose text NOT NULL CHECK (purpose IN ('verify_email', 'password_reset', 'invitation', 'email_change')),
        token_hash bytea NOT NULL CONSTRAINT action_links_token_unique UNIQUE,
        -- The address that it was mailed to; of email_change the one that the account is to have.
        email text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, purpose)
      )`);
    await runner.query('CREATE INDEX action_links_by_expiry ON action_links (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE action_links');
  }
}
