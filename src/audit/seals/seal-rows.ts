import { row, rows } from '../../database/sql.js';
import type { Executor } from '../../database/sql.js';
import { EVENT_COLUMNS } from '../event-mac.js';
import type { EventRow } from '../event-mac.js';
import type { ChainEnd, Seal } from './seal-chain.js';

/** An event with what proves it. */
export interface SealedRow extends EventRow {
  readonly mac: Buffer;
  /** Postgres keeps microseconds, an event milliseconds: anything between was put there by somebody else. */
  readonly wholeMilliseconds: boolean;
}

const READ_EVENTS = `
  SELECT ${EVENT_COLUMNS}, mac, at = date_trunc('milliseconds', at) AS "wholeMilliseconds"
  FROM audit_events WHERE id = ANY ($1::uuid[])`;

/** @returns what is there of these, by id */
export async function readEvents(on: Executor, ids: readonly string[]): Promise<ReadonlyMap<string, SealedRow>> {
  const found = await rows<SealedRow>(on, READ_EVENTS, [ids]);
  return new Map(found.map((event) => [event.id, event]));
}

/** The oldest events that await their seal. */
export async function readUnsealed(on: Executor, limit: number): Promise<string[]> {
  const found = await rows<{ id: string }>(on, 'SELECT id FROM audit_unsealed ORDER BY id LIMIT $1', [limit]);
  return found.map(({ id }) => id);
}

type NumberedRow<Of> = Omit<Of, 'number' | 'total'> & { readonly number: string; readonly total: string };

/** A bigint comes as text: neither number gets near to what a double holds exactly. */
const numbered = <Of extends ChainEnd>({ number, total, ...rest }: NumberedRow<Of>): Of =>
  ({ ...rest, number: Number(number), total: Number(total) }) as unknown as Of;

export async function readEnd(on: Executor): Promise<ChainEnd | undefined> {
  const found = await row<NumberedRow<ChainEnd>>(
    on,
    'SELECT number, total, head FROM audit_seals ORDER BY number DESC LIMIT 1',
  );
  return found && numbered<ChainEnd>(found);
}

/** The seal of a number or, where that is gone, the next one that is there. */
export async function readFrom(on: Executor, number: number): Promise<ChainEnd | undefined> {
  const found = await row<NumberedRow<ChainEnd>>(
    on,
    'SELECT number, total, head FROM audit_seals WHERE number >= $1 ORDER BY number LIMIT 1',
    [number],
  );
  return found && numbered<ChainEnd>(found);
}

/** Seals above a number, in order. */
export async function readSeals(on: Executor, above: number, limit: number): Promise<Seal[]> {
  const found = await rows<NumberedRow<Seal>>(
    on,
    `SELECT number, piece::text, sealed_at AS "sealedAt", count, total, event_ids AS "eventIds", digest, previous, head
     FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2`,
    [above, limit],
  );
  return found.map((seal) => numbered<Seal>(seal));
}

export async function insertSeal(tx: Executor, seal: Seal): Promise<void> {
  const { number, piece, sealedAt, count, total, eventIds, digest, previous, head } = seal;
  await tx.query(
    `INSERT INTO audit_seals (number, piece, sealed_at, count, total, event_ids, digest, previous, head)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [number, piece, sealedAt, count, total, eventIds, digest, previous, head],
  );
}

/** @returns how many of these were still waiting */
export async function takeFromQueue(tx: Executor, ids: readonly string[]): Promise<number> {
  const taken = await rows(tx, 'DELETE FROM audit_unsealed WHERE id = ANY ($1::uuid[]) RETURNING id', [ids]);
  return taken.length;
}
