import type { Client } from 'pg';

/** No partitions, so many by hash of the id, or one for each month in which sessions began, which their ids begin with. */
export type Partitions = number | 'months';

const MONTHS = 6;

/** Rebuilds the empty table of sessions in partitions by its id, with the same columns, checks, indexes and trigger. */
export async function partitionSessions(client: Client, partitions: Partitions): Promise<void> {
  const indexes = await client.query<{ definition: string }>(`
    SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index
    WHERE indrelid = 'sessions'::regclass AND NOT indisprimary`);
  await client.query('ALTER TABLE sessions RENAME TO unpartitioned_sessions');
  await client.query(`
    CREATE TABLE sessions (LIKE unpartitioned_sessions INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id),
                           FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE)
    PARTITION BY ${partitions === 'months' ? 'RANGE' : 'HASH'} (id)`);
  await client.query('DROP TABLE unpartitioned_sessions');
  const bounds = partitions === 'months' ? await monthBounds(client) : hashBounds(partitions);
  for (const [number, values] of bounds.entries()) {
    await client.query(`
      CREATE TABLE sessions_${number} PARTITION OF sessions FOR VALUES ${values}
      WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02)`);
  }
  for (const { definition } of indexes.rows)
    await client.query(definition.replace('unpartitioned_sessions', 'sessions'));
  await client.query(`
    CREATE TRIGGER sessions_user_agent_words BEFORE INSERT OR UPDATE OF user_agent ON sessions
      FOR EACH ROW EXECUTE FUNCTION sessions_have_user_agent_words()`);
}

const hashBounds = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, number) => `WITH (MODULUS ${count}, REMAINDER ${number})`);

/** The months up to the next one; a UUIDv7 begins with its milliseconds since 1970. */
async function monthBounds(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT (lpad(to_hex((extract(epoch FROM date_trunc('month', now()) + n * interval '1 month') * 1000)::bigint), 12, '0')
             || repeat('0', 20))::uuid AS id
     FROM generate_series(${2 - MONTHS}, 2) AS n ORDER BY n`,
  );
  const ids = rows.map(({ id }) => id);
  return ids.slice(1).map((until, at) => `FROM ('${ids[at] ?? ''}') TO ('${until}')`);
}
