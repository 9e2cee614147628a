import { row } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { firstIdAt, firstIdOf, pieceAfter } from './event-piece.js';

/** An event that is there more often than it is sealed or waits, or less often. */
export interface Uneven {
  readonly id: string;
  readonly is: 'added' | 'sealed twice';
}

const SPAN = `
  SELECT min(piece)::text AS first, max(piece)::text AS last FROM audit_seals WHERE $1::date IS NULL OR piece > $1::date`;

/** In one statement, which sees one moment. Sorted or hashed, whatever Postgres takes the ids of a seal to be. */
const UNEVEN = `
  SELECT id, CASE WHEN sum(places) > 0 THEN 'added' ELSE 'sealed twice' END AS is FROM (
    SELECT id, 1 AS places FROM audit_events WHERE id >= $1 AND id < $2
    UNION ALL
    SELECT id, -1 FROM audit_unsealed WHERE id >= $1 AND id < $2
    UNION ALL
    SELECT id, -1 FROM (SELECT unnest(event_ids) AS id FROM audit_seals WHERE piece = $3::date) AS sealed
    WHERE id >= $1 AND id < $2
  ) AS all_places
  GROUP BY id HAVING sum(places) <> 0 ORDER BY id LIMIT 1`;

const OUTSIDE = `
  SELECT e.id, 'added' AS is FROM audit_events e
  WHERE (e.id < $1 OR e.id >= $2) AND NOT EXISTS (SELECT 1 FROM audit_unsealed u WHERE u.id = e.id)
  ORDER BY e.id LIMIT 1`;

/** Above every event. */
const NO_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
/** A month is looked at in parts, each well within the time that a statement may take. */
const PART_MS = 3 * 24 * 60 * 60 * 1000;

/**
 * Looks for an event that no seal covers and that does not wait for one, which the service never writes, and for one that has
 * two places: whoever makes room so could add another unseen.
 * @param removed the newest month whose events have been removed
 */
export async function unevenEvent(on: Executor, removed: string | undefined): Promise<Uneven | undefined> {
  const span = await row<{ first: string | null; last: string | null }>(on, SPAN, [removed ?? null]);
  if (!span?.first || !span.last) return row<Uneven>(on, OUTSIDE, [NO_ID, NO_ID]);
  for (let piece = span.first; piece <= span.last; piece = pieceAfter(piece)) {
    for (const [from, to] of partsOf(piece)) {
      const found = await row<Uneven>(on, UNEVEN, [from, to, piece]);
      if (found) return found;
    }
  }
  return row<Uneven>(on, OUTSIDE, [firstIdOf(span.first), firstIdOf(pieceAfter(span.last))]);
}

function partsOf(piece: string): [string, string][] {
  const end = new Date(`${pieceAfter(piece)}T00:00:00Z`).getTime();
  const parts: [string, string][] = [];
  for (let at = new Date(`${piece}T00:00:00Z`).getTime(); at < end; at += PART_MS)
    parts.push([firstIdAt(new Date(at)), firstIdAt(new Date(Math.min(end, at + PART_MS)))]);
  return parts;
}
