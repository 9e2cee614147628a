import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { row, rows } from '../../database/sql.js';
import { Clock } from '../../shared/clock.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import { NOT_REVOKED, notExpired } from './live-session.js';
import { asSession, selectSessions } from './session.js';
import type { Session, SessionRow } from './session.js';

export interface PageOfSessions {
  readonly limit: number;
  /** The last id of the page before. */
  readonly before: SessionId | undefined;
}

const LIVE_OF_USER = selectSessions(
  `SELECT * FROM sessions
   WHERE user_id = $1 AND ${NOT_REVOKED} AND ${notExpired('$2')} AND ($3::uuid IS NULL OR id < $3)
   ORDER BY id DESC LIMIT $4`,
  'sessions.id DESC',
);
const BY_ID = selectSessions('SELECT * FROM sessions WHERE id = $1', 'sessions.id');

/** Reads sessions for those whose they are, and for admins. */
@Injectable()
export class SessionReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** The user's live sessions, newest first. */
  async listLive(userId: UserId, { limit, before }: PageOfSessions): Promise<Session[]> {
    const values = [userId, this.clock.now(), before ?? null, limit];
    return (await rows<SessionRow>(this.dataSource, LIVE_OF_USER, values)).map(asSession);
  }

  /** Whoever's it is, and whether or not it has ended. */
  async find(id: SessionId): Promise<Session | undefined> {
    const found = await row<SessionRow>(this.dataSource, BY_ID, [id]);
    return found && asSession(found);
  }
}
