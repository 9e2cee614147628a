import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMailOutbox1764000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // What is to be told to whom: the text, and any token in it, is made when it is sent. No foreign key: the mail about
    // an account's end outlives the account.
    await runner.query(`
      CREATE TABLE mail_outbox (
        id uuid PRIMARY KEY,
        purpose text NOT NULL,
        user_id uuid,
        recipient text,
        details jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        -- Whoever takes a mail moves this on first: should it die, another takes the mail then.
        next_attempt_at timestamptz NOT NULL,
        CHECK (user_id IS NOT NULL OR recipient IS NOT NULL)
      )`);
    await runner.query('CREATE INDEX mail_outbox_by_next_attempt ON mail_outbox (next_attempt_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE mail_outbox');
  }
}
