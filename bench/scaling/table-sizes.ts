import type { Client } from 'pg';

export interface RelationSize {
  readonly name: string;
  readonly kind: 'table' | 'index';
  readonly rows: number;
  readonly bytes: number;
}

/** Every table that has rows and each of its indexes, the pieces of one that is in pieces together. */
export async function tableSizes(client: Client): Promise<readonly RelationSize[]> {
  const found = await client.query<{ name: string; kind: 'table' | 'index'; rows: string; bytes: string }>(`
    WITH RECURSIVE pieces AS (
      SELECT oid, oid AS whole FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'i', 'I') AND NOT relispartition
      UNION ALL SELECT inhrelid, whole FROM pieces JOIN pg_inherits ON inhparent = pieces.oid
    ), sized AS (
      SELECT whole, c.reltuples, pg_table_size(c.oid) AS bytes FROM pieces JOIN pg_class c ON c.oid = pieces.oid
    )
    SELECT coalesce(t.relname || ': ', '') || w.relname AS name, CASE WHEN w.relkind IN ('i', 'I') THEN 'index' ELSE 'table' END AS kind,
           sum(greatest(sized.reltuples, 0)) FILTER (WHERE sized.bytes > 0) AS rows, sum(sized.bytes) AS bytes
    FROM sized JOIN pg_class w ON w.oid = whole LEFT JOIN pg_index i ON i.indexrelid = whole LEFT JOIN pg_class t ON t.oid = i.indrelid
    GROUP BY 1, 2 HAVING sum(greatest(sized.reltuples, 0)) >= 1 ORDER BY 1`);
  return found.rows.map(({ rows, bytes, ...rest }) => ({ ...rest, rows: Number(rows), bytes: Number(bytes) }));
}
