import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Executor } from '../database/sql.js';
import { newId } from '../shared/ids.js';
import type { SessionId, UserId } from '../shared/ids.js';

/** Names after the OWASP logging vocabulary. */
export type AuditEventType =
  | 'authn_token_reuse'
  | 'authn_token_suspect_repeat'
  | 'session_resumed'
  | 'authn_login_lock'
  | 'authn_login_successafterfail'
  | 'authn_password_change'
  | 'authn_password_reset'
  | 'authn_mfa_enrolled'
  | 'authn_mfa_removed'
  | 'authn_recovery_codes_replaced'
  | 'user_created'
  | 'users_imported'
  | 'user_deleted'
  | 'user_email_verified'
  | 'user_email_changed'
  | 'user_link_requested'
  | 'user_unlocked';

/** Something that security wants to be known. Ids only: never an address of a person, a name, a token or a secret. */
export interface AuditEvent {
  readonly type: AuditEventType;
  readonly at: Date;
  /** Who did it, where it was not the user. */
  readonly actorId?: UserId | undefined;
  readonly userId?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
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
      `INSERT INTO audit_events (id, type, at, actor_id, user_id, session_id, ip, user_agent, outcome, details)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        newId(),
        event.type,
        event.at,
        event.actorId ?? null,
        event.userId ?? null,
        event.sessionId ?? null,
        event.ip ?? null,
        event.userAgent ?? null,
        event.outcome,
        event.details,
      ],
    );
  }
}
