import { DataSource } from 'typeorm';
import { dataSourceOptions } from './data-source-options.js';

/** What the role of the service may do with a table: everything that its rows need unless it is named here. */
const INSERT_ONLY = `relname = 'audit_events' OR relname = 'audit_seals'`;
/** Reached through the table that they are parts of, or not at all. */
const OUT_OF_REACH = `relname LIKE 'audit\\_events\\_%'`;
const READ_ONLY = `relname = 'schema_migrations'`;

const GRANT = `
  DO $grant$
  DECLARE
    service text := current_setting('gatehouse.service_role');
    found record;
  BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), service);
    FOR found IN
      SELECT oid::regclass AS name,
             CASE WHEN ${OUT_OF_REACH} THEN NULL
                  WHEN ${READ_ONLY} THEN 'SELECT'
                  WHEN ${INSERT_ONLY} THEN 'SELECT, INSERT'
                  ELSE 'SELECT, INSERT, UPDATE, DELETE' END AS rights
      FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
    LOOP
      EXECUTE format('REVOKE ALL ON %s FROM %I', found.name, service);
      CONTINUE WHEN found.rights IS NULL;
      EXECUTE format('GRANT %s ON %s TO %I', found.rights, found.name, service);
    END LOOP;
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), service);
    EXECUTE format('GRANT EXECUTE ON FUNCTION audit_ensure_piece(date), audit_remove_piece(date) TO %I', service);
  END $grant$`;

/**
 * Gives the service's own role what it needs of the tables that another role owns, and no more: it can neither change nor
 * delete an event, nor disarm the triggers that refuse it.
 * @param ownerUrl of the role that migrates
 */
export async function grantToServiceRole(ownerUrl: string, role: string): Promise<void> {
  const source = await new DataSource(dataSourceOptions({ url: ownerUrl, purpose: 'migrations' })).initialize();
  try {
    await source.transaction(async (tx) => {
      await tx.query(`SELECT set_config('gatehouse.service_role', $1, true)`, [role]);
      await tx.query(GRANT);
    });
  } finally {
    await source.destroy();
  }
}
