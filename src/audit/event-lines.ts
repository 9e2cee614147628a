import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { DataSource, EntityManager } from 'typeorm';
import type { EntitySubscriberInterface, QueryRunner, TransactionCommitEvent, TransactionRollbackEvent } from 'typeorm';
import type { Executor } from '../database/sql.js';
import type { AuditEventType } from './audit-event.js';
import { AuditLog } from './audit-log.js';
import type { EventRow } from './event-mac.js';

/** What somebody may want to look at, though the service has dealt with it. */
const WORTH_A_LOOK: ReadonlySet<string> = new Set<AuditEventType>([
  'authn_login_lock',
  'authn_token_reuse',
  'authn_token_suspect_repeat',
  'authz_fail',
  'excess_rate_limit_exceeded',
  'admin_recovered',
  'audit_tail_missing',
]);

/**
 * Tells the log output each event of the event log, once it is there for good: what a transaction wrote, behind its commit.
 * Ids alone: no details, which may hold what an admin wrote.
 */
@Injectable()
export class EventLines implements OnModuleInit, EntitySubscriberInterface {
  private readonly logger = new Logger('Event');
  private readonly uncommitted = new WeakMap<QueryRunner, EventRow[]>();

  constructor(
    private readonly audit: AuditLog,
    private readonly dataSource: DataSource,
  ) {}

  onModuleInit(): void {
    this.dataSource.subscribers.push(this);
    this.audit.watch((rows, on) => {
      this.written(rows, on);
    });
  }

  afterTransactionCommit({ queryRunner }: TransactionCommitEvent): void {
    // Of a savepoint: the transaction goes on.
    if (queryRunner.isTransactionActive) return;
    const rows = this.uncommitted.get(queryRunner) ?? [];
    this.uncommitted.delete(queryRunner);
    for (const row of rows) this.tell(row);
  }

  /** What a savepoint takes back is not told apart from what came before it: nothing is told that may be untrue. */
  afterTransactionRollback({ queryRunner }: TransactionRollbackEvent): void {
    this.uncommitted.delete(queryRunner);
  }

  private written(rows: readonly EventRow[], on: Executor): void {
    const runner = on instanceof EntityManager ? on.queryRunner : undefined;
    if (runner?.isTransactionActive) {
      this.uncommitted.set(runner, [...(this.uncommitted.get(runner) ?? []), ...rows]);
    } else {
      for (const row of rows) this.tell(row);
    }
  }

  private tell({ id, type, outcome, count, userId, actorId, sessionId, requestId, ip }: EventRow): void {
    const line = {
      message: type,
      event: type,
      eventId: id,
      outcome,
      ...(count > 1 && { count }),
      ...present({ userId, actorId, sessionId, requestId, client: ip }),
    };
    if (WORTH_A_LOOK.has(type)) this.logger.warn(line);
    else this.logger.log(line);
  }
}

const present = (fields: Readonly<Record<string, string | null>>): Record<string, string | null> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
