import { createHmac, timingSafeEqual } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { AuditDetails } from './audit-event.js';

/** An event as its table holds it. */
export interface EventRow {
  /** A UUIDv7 of the event's own time: in the order of ids events are in the order of time. */
  readonly id: string;
  readonly type: string;
  readonly at: Date;
  readonly actorId: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly outcome: string;
  readonly count: number;
  readonly details: AuditDetails;
}

/** What the columns of a row are read as. */
export const EVENT_COLUMNS = `
  id, type, at, actor_id AS "actorId", user_id AS "userId", session_id AS "sessionId", ip, user_agent AS "userAgent",
  request_id AS "requestId", outcome, count, details`;

const DOMAIN = 'gatehouse audit event 1\n';

/** An address is what it says, however it is written: Postgres and others differ in where they shorten. */
const addressOf = (text: string): string =>
  ipaddr.isValid(text) ? Buffer.from(ipaddr.process(text).toByteArray()).toString('hex') : text;

/** `jsonb` keeps no order of members. */
const sorted = (details: AuditDetails): [string, unknown][] =>
  Object.entries(details).sort(([one], [other]) => (one < other ? -1 : 1));

/**
 * The MAC of an event: HMAC-SHA256 (RFC 2104) over every column of its row but itself, so that a row which was changed,
 * or made by anybody but the service, shows. 32 bytes.
 */
export function eventMac(key: Buffer, event: EventRow): Buffer {
  const { id, type, at, actorId, userId, sessionId, ip, userAgent, requestId, outcome, count, details } = event;
  const told = [id, type, at.toISOString(), actorId, userId, sessionId, ip === null ? null : addressOf(ip)];
  const more = [userAgent, requestId, outcome, count, sorted(details)];
  return createHmac('sha256', key)
    .update(DOMAIN + JSON.stringify([...told, ...more]), 'utf8')
    .digest();
}

/** What has no canonical form was not written by the service either: a time without end, details that are no object. */
export function isAuthentic(key: Buffer, event: EventRow, mac: Buffer): boolean {
  try {
    const expected = eventMac(key, event);
    return mac.length === expected.length && timingSafeEqual(mac, expected);
  } catch {
    return false;
  }
}
