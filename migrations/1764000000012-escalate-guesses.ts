import type { MigrationInterface, QueryRunner } from 'typeorm';

export class EscalateGuesses1764000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE guesses
        -- Tries in a row that were not right, whatever their windows; only a success ends them.
        ADD COLUMN streak integer NOT NULL DEFAULT 0,
        -- Infinity where only a reset, or an admin, unblocks.
        ADD COLUMN blocked_until timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE guesses DROP COLUMN streak, DROP COLUMN blocked_until');
  }
}
