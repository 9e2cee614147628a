import { rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import type { Revocation, RevocationKind } from './denylist.js';

/** Below every transaction id. */
export const START = '0';

/** What one read found. */
export interface FeedBatch {
  /** Everything below this transaction id has been read; a position to go on from. */
  readonly position: string;
  readonly keysVersion: number;
  readonly databaseTime: Date;
  readonly found: readonly FeedEntry[];
}

/** A revocation as the feed has it. */
export interface FeedEntry extends Revocation {
  readonly id: string;
  readonly appendedAt: Date;
}

interface FeedRow extends FeedEntry {
  readonly position: string;
  readonly keysVersion: number;
  readonly databaseTime: Date;
  readonly id: string;
}

const READ = `
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS position, d.keys_version AS "keysVersion",
         clock_timestamp() AS "databaseTime", r.id, r.kind, r.subject, r.minimum, r.spared, r.appended_at AS "appendedAt",
         r.expires_at AS "expiresAt"
  FROM deployment d LEFT JOIN revocations r ON r.xid >= $1::xid8 AND r.expires_at > now()
  ORDER BY r.id`;

/** Reads the live rows at or above a position, and the position to go on from. */
export async function readFeed(on: Executor, from: string): Promise<FeedBatch> {
  const found = await rows<FeedRow>(on, READ, [from]);
  const [first] = found;
  if (!first) throw new Error('the revocation feed answered with no row');
  const { position, keysVersion, databaseTime } = first;
  // Without a revocation there is one row all the same, for the position.
  return { position, keysVersion, databaseTime, found: found.filter(({ kind }) => isKind(kind)) };
}

const isKind = (kind: RevocationKind | null): boolean => kind !== null;
