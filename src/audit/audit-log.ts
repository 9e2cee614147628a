import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { DataSource } from 'typeorm';
import { DataKeys } from '../crypto/data-keys.js';
import { prepared } from '../database/prepared-statements.js';
import type { Executor } from '../database/sql.js';
import { newIdAt } from '../shared/ids.js';
import type { AuditDetails, AuditEvent } from './audit-event.js';
import { eventMac } from './event-mac.js';
import type { EventRow } from './event-mac.js';

/** Events and their places in the queue of those that await their seal, in one statement. */
const INSERT = prepared(`
  WITH written AS (
    INSERT INTO audit_events (id, type, at, actor_id, user_id, session_id, ip, user_agent, request_id, outcome, count, details, mac)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::uuid[], $7::inet[], $8::text[],
                         $9::text[], $10::text[], $11::integer[], $12::jsonb[], $13::bytea[])
    RETURNING id
  )
  INSERT INTO audit_unsealed (id) SELECT id FROM written`);
/** How many one statement takes. */
const CHUNK = 1_000;

export type WrittenListener = (rows: readonly EventRow[], on: Executor) => void;

/** The record of security events: insert-only, and the database itself refuses anything else. */
@Injectable()
export class AuditLog {
  private onWritten: WrittenListener = () => undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: DataKeys,
  ) {}

  /** Has all that is written told, and where: in a transaction it may yet be undone. */
  watch(onWritten: WrittenListener): void {
    this.onWritten = onWritten;
  }

  /** @param on the transaction of the change that it tells of; by itself where nothing changes */
  append(event: AuditEvent, on: Executor = this.dataSource): Promise<void> {
    return this.appendAll([event], on);
  }

  /** The same of any number of them. */
  async appendAll(events: readonly AuditEvent[], on: Executor): Promise<void> {
    const key = await this.keys.key('events');
    for (let start = 0; start < events.length; start += CHUNK) {
      const rows = events.slice(start, start + CHUNK).map(rowOf);
      const columns = COLUMNS.map((column) => rows.map((row) => row[column]));
      await on.query(INSERT, [...columns, rows.map((row) => eventMac(key, row))]);
      this.onWritten(rows, on);
    }
  }
}

/** In the order of the parameters above. */
const COLUMNS = [
  'id',
  'type',
  'at',
  'actorId',
  'userId',
  'sessionId',
  'ip',
  'userAgent',
  'requestId',
  'outcome',
  'count',
  'details',
] as const satisfies readonly (keyof EventRow)[];

function rowOf({ type, at, actorId, userId, sessionId, client, outcome, count = 1, details }: AuditEvent): EventRow {
  return {
    id: newIdAt(at),
    type,
    at,
    actorId: actorId ?? null,
    userId: userId ?? null,
    sessionId: sessionId ?? null,
    ip: client === undefined ? null : storableAddress(client.ip),
    userAgent: client?.userAgent === undefined ? null : storable(client.userAgent),
    requestId: client?.requestId ?? null,
    outcome,
    count,
    details: storableDetails(details),
  };
}

/** Without its zone, which Postgres has no room for. A socket that is gone has no address any more. */
function storableAddress(text: string): string | null {
  const [address = ''] = text.split('%');
  return ipaddr.isValid(address) ? address : null;
}

/** Postgres takes neither NUL nor half a surrogate pair. */
const storable = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\ufffd').replaceAll('\0', '');

const storableDetails = (details: AuditDetails): AuditDetails =>
  Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, typeof value === 'string' ? storable(value) : value]),
  );
