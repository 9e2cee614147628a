import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateServiceClients1764000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The secret is 256 random bits, so a plain SHA-256 of it is as hard to reverse as it is to guess.
    await runner.query(`
      CREATE TABLE service_clients (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
        created_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE service_clients');
  }
}
