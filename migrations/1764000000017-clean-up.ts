import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CleanUp1764000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The other half of sessions_unended: each session is in one of the two. Not a column that a refresh changes, here either.
    await runner.query('CREATE INDEX sessions_revoked ON sessions (absolute_expires_at) WHERE revoked_at IS NOT NULL');
    // By default a table is vacuumed once a fifth of it is dead: of a large one too late, and then for too long.
    await runner.query('ALTER TABLE sessions SET (autovacuum_vacuum_scale_factor = 0.02)');
    await this.addEndOfGuesses(runner);
    await runner.query('CREATE INDEX mail_outbox_by_creation ON mail_outbox (created_at)');
    await runner.query('CREATE INDEX totp_factors_unconfirmed ON totp_factors (created_at) WHERE confirmed_at IS NULL');
    await runner.query(`CREATE INDEX signing_keys_retired ON signing_keys (retired_at) WHERE state = 'retired'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX signing_keys_retired, totp_factors_unconfirmed, mail_outbox_by_creation');
    await runner.query('CREATE INDEX guesses_by_window ON guesses (window_ends_at)');
    await runner.query('ALTER TABLE guesses DROP COLUMN forget_at');
    await runner.query('ALTER TABLE sessions RESET (autovacuum_vacuum_scale_factor)');
    await runner.query('DROP INDEX sessions_revoked');
  }

  private async addEndOfGuesses(runner: QueryRunner): Promise<void> {
    // Four days for each one in a row: whoever waits for a count to be forgotten has fewer than a hundred guesses a year, which
    // is how many there may be in a row at all. Of a hundred, which only a reset forgives, never. By way of UTC, where adding
    // hours depends on no setting, as what is computed for a column must not.
    await runner.query(`
      ALTER TABLE guesses ADD COLUMN forget_at timestamptz GENERATED ALWAYS AS (
        CASE WHEN blocked_until = 'infinity' THEN 'infinity'
             ELSE (window_ends_at AT TIME ZONE 'UTC' + least(streak, 100) * interval '96 hours') AT TIME ZONE 'UTC' END
      ) STORED`);
    await runner.query('CREATE INDEX guesses_by_end ON guesses (forget_at)');
    await runner.query('DROP INDEX guesses_by_window');
  }
}
