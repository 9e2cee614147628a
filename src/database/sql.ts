import type { DataSource, EntityManager } from 'typeorm';

/** A connection, or the transaction that a statement joins. */
export type Executor = Pick<DataSource | EntityManager, 'query'>;

/**
 * Runs one plain statement and returns its rows, whatever the command.
 * TypeORM answers UPDATE and DELETE with `[rows, count]` and everything else with the rows alone.
 */
export async function rows<Row>(on: Executor, text: string, values: readonly unknown[] = []): Promise<Row[]> {
  const result = await on.query<unknown>(text, [...values]);
  if (!Array.isArray(result)) return [];
  const [first, count] = result as [unknown, unknown];
  return result.length === 2 && Array.isArray(first) && typeof count === 'number'
    ? (first as Row[])
    : (result as Row[]);
}

/** The only row of a statement that returns at most one. */
export async function row<Row>(on: Executor, text: string, values: readonly unknown[] = []): Promise<Row | undefined> {
  return (await rows<Row>(on, text, values))[0];
}
