import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ControlSessions1764000000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const [deployment] = (await runner.query('SELECT era FROM deployment')) as { era: number }[];
    // Sessions that are there have not been ended by any era: they are of the current one. A constant default takes no
    // rewrite of the table.
    await runner.query(`ALTER TABLE sessions ADD COLUMN era integer NOT NULL DEFAULT ${deployment?.era ?? 1}`);
    // Never a column that a refresh changes, in a condition neither: it would have to write every index anew.
    await runner.query('CREATE INDEX sessions_by_creation ON sessions (created_at, id)');
    await runner.query('CREATE INDEX sessions_by_ip ON sessions (ip)');
    await runner.query('CREATE INDEX sessions_unended ON sessions (absolute_expires_at) WHERE revoked_at IS NULL');
    await this.addWords(runner);
    await runner.query(`
      ALTER TABLE deployment
        -- The rows of sessions of eras below this one say that they have ended.
        ADD COLUMN ended_era integer NOT NULL DEFAULT 1`);
    await runner.query('UPDATE deployment SET ended_era = era');
    // One row for each time that everyone was signed out: what ended the sessions of the era before, until their rows say so.
    await runner.query(`
      CREATE TABLE era_raises (
        era integer PRIMARY KEY,
        raised_at timestamptz NOT NULL,
        raised_by uuid NOT NULL,
        reason text NOT NULL
      )`);
    // Of an era: the one session that lives on in the new one, whose tokens a refresh mends.
    await runner.query(`
      ALTER TABLE revocations ADD COLUMN spared text, ADD CHECK (spared IS NULL OR kind = 'era')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE revocations DROP COLUMN spared');
    await runner.query('DROP TABLE era_raises');
    await runner.query('ALTER TABLE deployment DROP COLUMN ended_era');
    await runner.query('DROP INDEX sessions_by_user_agent, sessions_unended, sessions_by_ip, sessions_by_creation');
    await runner.query('DROP TRIGGER sessions_user_agent_words ON sessions');
    await runner.query('DROP FUNCTION sessions_have_user_agent_words()');
    await runner.query('ALTER TABLE sessions DROP COLUMN era, DROP COLUMN user_agent_words');
  }

  private async addWords(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE sessions ADD COLUMN user_agent_words tsvector');
    // Kept, not computed in the index alone: where many match, computing each one's again takes longer than a statement may.
    // The letter before each word keeps the parser from reading numbers: of `12e4` it would make one, and of `12e`, which
    // begins it, a number and a word.
    await runner.query(`
      CREATE FUNCTION sessions_have_user_agent_words() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        NEW.user_agent_words := to_tsvector('simple', 'x' || regexp_replace(NEW.user_agent, '[^[:alnum:]]+', ' x', 'g'));
        RETURN NEW;
      END $$`);
    // Not at a refresh, which leaves the user agent of the sign-in alone.
    await runner.query(`
      CREATE TRIGGER sessions_user_agent_words BEFORE INSERT OR UPDATE OF user_agent ON sessions
        FOR EACH ROW EXECUTE FUNCTION sessions_have_user_agent_words()`);
    await runner.query('UPDATE sessions SET user_agent = user_agent WHERE user_agent IS NOT NULL');
    await runner.query('CREATE INDEX sessions_by_user_agent ON sessions USING gin (user_agent_words)');
  }
}
