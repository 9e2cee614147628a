import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDeployment1764000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE deployment (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        era integer NOT NULL DEFAULT 1
      )`);
    await runner.query('INSERT INTO deployment DEFAULT VALUES');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE deployment');
  }
}
