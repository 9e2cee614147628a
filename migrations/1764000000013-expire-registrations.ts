import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ExpireRegistrations1764000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Of accounts that registered themselves where addresses must be verified: when they are deleted, unless they are by then.
    await runner.query('ALTER TABLE users ADD COLUMN registration_expires_at timestamptz');
    await runner.query(`
      CREATE INDEX users_by_registration_expiry ON users (registration_expires_at)
        WHERE registration_expires_at IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users DROP COLUMN registration_expires_at');
  }
}
