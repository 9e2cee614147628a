import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DataKeys } from '../../crypto/data-keys.js';
import { rows } from '../../database/sql.js';
import { PageCursor, pageOf } from '../../http/page.js';
import type { Page } from '../../http/page.js';
import { Clock } from '../../shared/clock.js';
import { asSession, selectSessions } from '../sessions/session.js';
import type { Session, SessionRow } from '../sessions/session.js';
import { conditionsOf, describeFilter } from './session-filter.js';
import type { SessionFilter } from './session-filter.js';

export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Both of an index, so that a page is found without those before it. */
const NEWEST_FIRST = 'sessions.created_at DESC, sessions.id DESC';
/**
 * The same, but not that index's: Postgres cannot tell how rare words are together, and would walk all of it for those that
 * nobody has. Their own index finds them, to be sorted.
 */
const NEWEST_OF_FEW_FIRST = `sessions.created_at + interval '0' DESC, sessions.id DESC`;

/** Finds sessions for admins, whoever's they are. */
@Injectable()
export class SessionSearch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * The sessions that match, newest first, a page at a time. What is opened meanwhile comes before the first page.
   * @throws ValidationFailedError for a cursor that was altered, or made for another filter
   */
  async page(filter: SessionFilter, { limit, cursor }: PageRequest): Promise<Page<Session>> {
    const cursors = new PageCursor(await this.dataKeys.key('cursors'));
    const list = `sessions ${JSON.stringify(describeFilter(filter))}`;
    const conditions = conditionsOf(filter, this.clock.now());
    if (cursor !== undefined) {
      const [createdAt, id] = cursors.decode(list, cursor);
      const last = conditions.parameter(id);
      conditions.add(createdAt, (at) => `(sessions.created_at, sessions.id) < (${at}::timestamptz, ${last}::uuid)`);
    }
    const chosen = `SELECT * FROM sessions WHERE ${conditions.toString()}
      ORDER BY ${filter.userAgent === undefined ? NEWEST_FIRST : NEWEST_OF_FEW_FIRST} LIMIT ${conditions.parameter(limit + 1)}`;
    const found = await rows<SessionRow>(this.dataSource, selectSessions(chosen, NEWEST_FIRST), conditions.values);
    const page = pageOf(found, limit, ({ createdAtText, id }) => cursors.encode(list, [createdAtText, id]));
    return { ...page, items: page.items.map(asSession) };
  }
}
