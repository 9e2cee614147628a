import type { QueryRunner } from 'typeorm';

/** One row for everything that a migration makes, as Postgres itself writes it. */
const SCHEMA = `
  SELECT 'column' AS kind, attrelid::regclass || '.' || attname AS name,
         concat_ws(' ', format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
                   NULLIF(attidentity, ''), pg_get_expr(adbin, adrelid)) AS definition
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
   WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'relation', relname, concat_ws(' ', relkind::text, relpersistence::text, reloptions::text, pg_get_partkeydef(oid),
         pg_get_expr(relpartbound, oid))
    FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'view', c.oid::regclass::text, pg_get_viewdef(c.oid)
    FROM pg_class c WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'trigger', tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT 'function', oid::regprocedure::text, pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p')
  UNION ALL
  SELECT 'type', t.oid::regtype::text, concat_ws(' ', typtype::text, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder)
         FROM pg_enum WHERE enumtypid = t.oid))
    FROM pg_type t WHERE typnamespace = 'public'::regnamespace
  UNION ALL
  SELECT 'grant', relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL
  UNION ALL
  SELECT 'extension', extname, extversion FROM pg_extension
  ORDER BY 1, 2, 3`;

/** Everything in the database that migrations make, in one order, to compare. */
export async function schemaOf(runner: QueryRunner): Promise<unknown> {
  return (await runner.query(SCHEMA)) as unknown;
}
