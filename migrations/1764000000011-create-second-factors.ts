import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSecondFactors1764000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE users
        ADD COLUMN mfa_enabled boolean NOT NULL DEFAULT false,
        -- Raised by a password reset: device tokens of before are no longer those of a known device.
        ADD COLUMN device_version integer NOT NULL DEFAULT 1`);
    await runner.query(`
      CREATE TABLE totp_factors (
        user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
        -- AES-256-GCM under the data key "totp".
        sealed_secret bytea NOT NULL,
        created_at timestamptz NOT NULL,
        -- Null while nobody has shown that the secret arrived.
        confirmed_at timestamptz,
        -- The time step of the last code that was accepted: none is accepted twice (RFC 6238 §5.2).
        last_step bigint NOT NULL DEFAULT 0
      )`);
    await runner.query(`
      CREATE TABLE recovery_codes (
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        -- HMAC under the data key "recovery codes"; a used one is deleted.
        code_hash bytea NOT NULL,
        PRIMARY KEY (user_id, code_hash)
      )`);
    await runner.query(`
      CREATE TABLE mfa_challenges (
        token_hash bytea PRIMARY KEY,
        user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        -- Of the password that was checked: a session opens only while it is the current one.
        credential_version integer NOT NULL,
        tries integer NOT NULL DEFAULT 0,
        -- The known device that the sign-in came from, if any.
        device_id uuid,
        device_name text,
        refresh_token_in text NOT NULL CHECK (refresh_token_in IN ('body', 'cookie')),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query('CREATE INDEX mfa_challenges_by_user ON mfa_challenges (user_id)');
    await runner.query('CREATE INDEX mfa_challenges_by_expiry ON mfa_challenges (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE mfa_challenges');
    await runner.query('DROP TABLE recovery_codes');
    await runner.query('DROP TABLE totp_factors');
    await runner.query('ALTER TABLE users DROP COLUMN mfa_enabled, DROP COLUMN device_version');
  }
}
