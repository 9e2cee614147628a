import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { DataSource } from 'typeorm';
import { DataKeys } from '../crypto/data-keys.js';
import type { Executor } from '../database/sql.js';
import { newIdAt } from '../shared/ids.js';
import type { AuditDetails, AuditEvent } from './audit-event.js';
import { eventMac } from './event-mac.js';
import type { EventRow } from './event-mac.js';

/** The event and its place in the queue of those that await their seal, in one statement. */
const INSERT = `
  WITH written AS (
    INSERT INTO audit_events (id, type, at, actor_id, user_id, session_id, ip, user_agent, request_id, outcome, count, details, mac)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    RETURNING id
  )
  INSERT INTO audit_unsealed (id) SELECT id FROM written`;

/** The record of security events: insert-only, and the database itself refuses anything else. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: DataKeys,
  ) {}

  /** @param on the transaction of the change that it tells of; by itself where nothing changes */
  async append(event: AuditEvent, on: Executor = this.dataSource): Promise<void> {
    const key = await this.keys.key('events');
    const row = rowOf(event);
    await on.query(INSERT, [
      row.id,
      row.type,
      row.at,
      row.actorId,
      row.userId,
      row.sessionId,
      row.ip,
      row.userAgent,
      row.requestId,
      row.outcome,
      row.count,
      row.details,
      eventMac(key, row),
    ]);
  }
}

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
