import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { firstIdOf, pieceAfter } from './event-piece.js';

const SPAN = `
  SELECT min(piece)::text AS first, max(piece)::text AS last FROM audit_seals WHERE $1::date IS NULL OR piece > $1::date`;

/** In one statement, which sees one moment. */
const COUNT = `
  SELECT (SELECT count(*) FROM audit_events WHERE id >= $1 AND id < $2)
       = (SELECT count(*) FROM audit_unsealed WHERE id >= $1 AND id < $2)
       + (SELECT coalesce(sum(count), 0) FROM audit_seals WHERE piece = $3::date) AS even`;

const FIND_IN = `
  SELECT e.id FROM audit_events e
  WHERE e.id >= $1 AND e.id < $2
    AND NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.id = e.id)
    AND NOT EXISTS (SELECT 1 FROM (SELECT unnest(event_ids) AS id FROM audit_seals WHERE piece = $3::date) s WHERE s.id = e.id)
  ORDER BY e.id LIMIT 1`;

const FIND_OUTSIDE = `
  SELECT e.id FROM audit_events e
  WHERE (e.id < $1 OR e.id >= $2) AND NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.id = e.id)
  ORDER BY e.id LIMIT 1`;

/** Above every event. */
const NO_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * Looks for an event that no seal covers and that does not wait for one: the service writes none. Counts month by month, and
 * searches a month where the count is not even.
 * @param removed the newest month whose events have been removed
 */
export async function uncoveredEvent(on: Executor, removed: string | undefined): Promise<string | undefined> {
  const span = await row<{ first: string | null; last: string | null }>(on, SPAN, [removed ?? null]);
  if (!span?.first || !span.last) return found(on, FIND_OUTSIDE, [NO_ID, NO_ID]);
  for (let piece = span.first; piece <= span.last; piece = pieceAfter(piece)) {
    const month = [firstIdOf(piece), firstIdOf(pieceAfter(piece)), piece];
    const counted = await row<{ even: boolean }>(on, COUNT, month);
    const added = counted?.even ? undefined : await found(on, FIND_IN, month);
    if (added !== undefined) return added;
  }
  return found(on, FIND_OUTSIDE, [firstIdOf(span.first), firstIdOf(pieceAfter(span.last))]);
}

const found = async (on: Executor, text: string, values: readonly unknown[]): Promise<string | undefined> =>
  (await row<{ id: string }>(on, text, values))?.id;
