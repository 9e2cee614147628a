import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateGuesses1764000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The bucket is a keyed hash: the table tells nobody whose password was tried from where.
    await runner.query(`
      CREATE TABLE guesses (
        bucket bytea PRIMARY KEY,
        tries integer NOT NULL,
        -- Of the tries, those whose password was wrong: the rest are under way.
        failed integer NOT NULL DEFAULT 0,
        window_ends_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX guesses_by_window ON guesses (window_ends_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE guesses');
  }
}
