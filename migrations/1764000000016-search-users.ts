import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Blanks and punctuation, not what is part of a word in some script: as a bracket expression, by code points. */
const BETWEEN_WORDS =
  '[ -/:-@[-`{-~\\u00a0\\u00a1\\u00ab\\u00b7\\u00bb\\u00bf\\u2000-\\u200a\\u2010-\\u2027\\u202f-\\u205f' +
  '\\u3000-\\u3003\\u3008-\\u3011\\u30fb\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65]+';

export class SearchUsers1764000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // What is searched and what is asked for are cut into words by this alone. Postgres's own text parser takes an address
    // for one word, and what is a letter to it depends on the locale. PL/pgSQL, since the planner takes what it can inline
    // for cheap, and would rather run it for every account than read the index.
    await runner.query(`
      CREATE FUNCTION account_words(line text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
      BEGIN
        RETURN array_remove(regexp_split_to_array(lower(line), '${BETWEEN_WORDS}'), '');
      END $$`);
    // No index has a column that a sign-in changes: it rewrites its row in place.
    await runner.query(`
      CREATE INDEX users_by_words ON users
        USING gin (array_to_tsvector(account_words(email || ' ' || coalesce(name, ''))))`);
    await runner.query('CREATE INDEX users_by_role ON users USING gin (roles)');
    await runner.query('CREATE INDEX users_disabled ON users (id) WHERE disabled_at IS NOT NULL');
    await runner.query(`
      CREATE INDEX users_unverified ON users (id) WHERE disabled_at IS NULL AND email_verified_at IS NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const index of ['users_unverified', 'users_disabled', 'users_by_role', 'users_by_words']) {
      await runner.query(`DROP INDEX ${index}`);
    }
    await runner.query('DROP FUNCTION account_words(text)');
  }
}
