import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Executor } from '../database/sql.js';
import { newId } from '../shared/ids.js';
import type { SessionId, UserId } from '../shared/ids.js';

/** Names after the OWASP logging vocabulary. */
export type AuditEventType = 'authn_token_reuse' | 'authn_token_suspect_repeat' | 'session_resumed';

/** Something that security wants to be known. Ids only: never an address of a person, a name, a token or a secret. */
export interface AuditEvent {
  readonly type: AuditEventType;
  readonly at: Date;
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly ip: string;
  readonly userAgent: string | undefined;
  readonly outcome: 'success' | 'failure';
  readonly details: Readonly<Record<string, string | number | null>>;
}

/** The record of security events: insert-only, and the database itself refuses anything else. */
@Injectable()
export class AuditLog {
  constructor(private readonly dataSource: DataSource) {}

  /** @param on the transaction of the change that it tells of; by itself where nothing changes */
  async append(event: AuditEvent, on: Executor = this.dataSource): Promise<void> {
    await on.query(
      `INSERT INTO audit_events (id, type, at, user_id, session_id, ip, user_agent, outcome, details)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        newId(),
        event.type,
        event.at,
        event.userId,
        event.sessionId,
        event.ip,
        event.userAgent ?? null,
        event.outcome,
        event.details,
      ],
    );
  }
}
