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

/** Below every id. */
const NO_ID = '00000000-0000-0000-0000-000000000000';

const READ_EVENTS = `
  SELECT ${EVENT_COLUMNS}, mac, at = date_trunc('milliseconds', at) AS "wholeMilliseconds"
  FROM audit_events WHERE id = ANY ($1::uuid[])`;

/** @returns what is there of these, by id; of an id that is there twice, which the service never writes, neither */
export async function readEvents(on: Executor, ids: readonly string[]): Promise<ReadonlyMap<string, SealedRow>> {
  const found = await rows<SealedRow>(on, READ_EVENTS, [ids]);
  const events = new Map<string, SealedRow>();
  const twice = new Set<string>();
  for (const event of found) {
    if (events.has(event.id)) twice.add(event.id);
    events.set(event.id, event);
  }
  for (const id of twice) events.delete(id);
  return events;
}

/** The oldest events that await their seal, above an id. */
export async function readUnsealed(on: Executor, limit: number, above = NO_ID): Promise<string[]> {
  const text = 'SELECT id FROM audit_unsealed WHERE id > $2 ORDER BY id LIMIT $1';
  return (await rows<{ id: string }>(on, text, [limit, above])).map(({ id }) => id);
}

/** Those of the ids that a seal covers already. None does that was made before its event. */
export async function sealedAmong(on: Executor, ids: readonly string[], madeSince: Date): Promise<ReadonlySet<string>> {
  // Not by the overlap of arrays, which compares each with each.
  const text = `
    SELECT sealed.id FROM audit_seals, unnest(event_ids) AS sealed (id)
    WHERE sealed_at >= $2 AND sealed.id = ANY ($1::uuid[])`;
  return new Set((await rows<{ id: string }>(on, text, [ids, madeSince])).map(({ id }) => id));
}

const SEAL = `number, piece::text, sealed_at AS "sealedAt", count, total, event_ids AS "eventIds", digest, previous, head`;

type NumberedRow<Of> = Omit<Of, 'number' | 'total'> & { readonly number: string; readonly total: string };

/** A bigint comes as text: neither number gets near to what a double holds exactly. */
const numbered = <Of extends ChainEnd>({ number, total, ...rest }: NumberedRow<Of>): Of =>
  ({ ...rest, number: Number(number), total: Number(total) }) as unknown as Of;

/** The last seal, or the first. */
export async function readEnd(on: Executor, which: 'last' | 'first' = 'last'): Promise<Seal | undefined> {
  const order = which === 'last' ? 'DESC' : 'ASC';
  const found = await row<NumberedRow<Seal>>(on, `SELECT ${SEAL} FROM audit_seals ORDER BY number ${order} LIMIT 1`);
  return found && numbered<Seal>(found);
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
    `SELECT ${SEAL} FROM audit_seals WHERE number > $1 ORDER BY number LIMIT $2`,
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

/** @returns those of these that were still waiting */
export async function takeFromQueue(on: Executor, ids: readonly string[]): Promise<string[]> {
  const text = 'DELETE FROM audit_unsealed WHERE id = ANY ($1::uuid[]) RETURNING id';
  return (await rows<{ id: string }>(on, text, [ids])).map(({ id }) => id);
}
