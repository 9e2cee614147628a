import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateKeys1764000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE signing_keys (
        kid text PRIMARY KEY,
        algorithm text NOT NULL,
        state text NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'retired')),
        public_jwk jsonb NOT NULL,
        -- PKCS #8, AES-256-GCM under a key derived from JWT_SECRET; gone once the key is retired.
        wrapped_private_key bytea,
        wrapped_under text,
        created_at timestamptz NOT NULL,
        -- Of a pending key: when it goes active by itself, once a rotation has been asked for or is due.
        activates_at timestamptz,
        activated_at timestamptz,
        -- Of a retiring key: when the last token that it signed has expired.
        retires_at timestamptz,
        retired_at timestamptz
      )`);
    await runner.query(`CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (state) WHERE state = 'active'`);
    await runner.query(`CREATE UNIQUE INDEX signing_keys_one_pending ON signing_keys (state) WHERE state = 'pending'`);
    await runner.query(`
      CREATE TABLE data_keys (
        purpose text PRIMARY KEY,
        wrapped_key bytea NOT NULL,
        wrapped_under text NOT NULL,
        created_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE data_keys');
    await runner.query('DROP TABLE signing_keys');
  }
}
