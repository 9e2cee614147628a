import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { rows } from '../../database/sql.js';
import type { UserId } from '../../shared/ids.js';
import type { AuditEventType } from '../audit-event.js';
import { EVENT_COLUMNS } from '../event-mac.js';
import type { EventRow } from '../event-mac.js';
import { firstIdAt } from '../seals/event-piece.js';

/** Which events: of this account, of this type, from this time on, before that one. */
export interface EventFilter {
  readonly userId?: UserId | undefined;
  readonly type?: AuditEventType | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

interface Order {
  readonly direction: 'newest first' | 'oldest first';
  readonly limit: number;
  /** The last id of the page before. */
  readonly after?: string | undefined;
}

const EXPORT_PAGE = 500;

/** Reads the event log, in the order of its ids: that of time. */
@Injectable()
export class AuditTrail {
  constructor(private readonly dataSource: DataSource) {}

  /** One page, newest first. @param before the last id of the page before */
  list(filter: EventFilter, limit: number, before?: string): Promise<EventRow[]> {
    return this.read(filter, { direction: 'newest first', limit, after: before });
  }

  /** All that match, oldest first, read page by page as they are asked for. */
  async *all(filter: EventFilter): AsyncGenerator<EventRow> {
    let after: string | undefined;
    do {
      const page = await this.read(filter, { direction: 'oldest first', limit: EXPORT_PAGE, after });
      yield* page;
      after = page.length < EXPORT_PAGE ? undefined : page.at(-1)?.id;
    } while (after !== undefined);
  }

  private read({ userId, type, from, to }: EventFilter, { direction, limit, after }: Order): Promise<EventRow[]> {
    const values: unknown[] = [];
    const conditions: string[] = [];
    const add = (condition: string, value: unknown): void => {
      if (value === undefined) return;
      values.push(value);
      conditions.push(`${condition} $${values.length}`);
    };
    add('user_id =', userId);
    add('type =', type);
    add('id >=', from && firstIdAt(from));
    add('id <', to && firstIdAt(to));
    add(direction === 'newest first' ? 'id <' : 'id >', after);
    values.push(limit);
    return rows<EventRow>(
      this.dataSource,
      `SELECT ${EVENT_COLUMNS} FROM audit_events ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
       ORDER BY id ${direction === 'newest first' ? 'DESC' : 'ASC'} LIMIT $${values.length}`,
      values,
    );
  }
}
