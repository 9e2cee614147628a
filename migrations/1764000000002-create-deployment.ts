import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDeployment1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE deployment (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        -- Tells this database from any other: a position in its feed means nothing elsewhere.
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        era integer NOT NULL DEFAULT 1,
        -- Raised whenever a signing key changes, so that instances know when to read them again.
        keys_version integer NOT NULL DEFAULT 1
      )`);
    await runner.query('INSERT INTO deployment DEFAULT VALUES');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE deployment');
  }
}
