import { ApiProperty } from '@nestjs/swagger';
import { MAX_LIMIT } from '../../http/page-query.dto.js';
import type { SessionId } from '../../shared/ids.js';
import { ID, USER_ID, TIME, LINE, ADDRESS, USER_AGENT, AMR, CURSOR, COUNT } from '../../shared/json-formats.js';
import type { Session } from './session.js';

export class SessionResponse {
  @ApiProperty(ID)
  id!: string;

  @ApiProperty(USER_ID)
  userId!: string;

  /** When the user signed in; RFC 3339 in UTC, as all times here. */
  @ApiProperty(TIME)
  createdAt!: string;

  /** When it was refreshed last. */
  @ApiProperty(TIME)
  lastUsedAt!: string;

  /** When it ends by itself, unless it is refreshed before. */
  @ApiProperty({ ...TIME, example: '2026-12-01T06:56:28.966Z' })
  expiresAt!: string;

  /** Whether disuse or age ends it first. */
  expiresBy!: 'idle' | 'absolute';

  @ApiProperty({ ...TIME, example: null })
  revokedAt!: string | null;

  @ApiProperty({ ...LINE, maxLength: 256, example: null })
  revokedReason!: string | null;

  /** The client's address at the sign-in. */
  @ApiProperty(ADDRESS)
  ip!: string;

  /** The user agent at the sign-in. */
  @ApiProperty(USER_AGENT)
  userAgent!: string | null;

  @ApiProperty({ ...LINE, maxLength: 100, example: 'Work laptop' })
  deviceName!: string | null;

  /**
   * How the user was authenticated (RFC 8176).
   * @example ["pwd"]
   */
  @ApiProperty(AMR)
  amr!: string[];

  /** Whether it is the session of the token that asks. */
  @ApiProperty({ example: true })
  current!: boolean;

  static from(session: Session, current: SessionId): SessionResponse {
    return {
      id: session.id,
      userId: session.userId,
      createdAt: session.createdAt.toISOString(),
      lastUsedAt: session.lastUsedAt.toISOString(),
      expiresAt: session.expiresAt.toISOString(),
      expiresBy: session.expiresBy,
      revokedAt: session.revokedAt?.toISOString() ?? null,
      revokedReason: session.revokedReason,
      ip: session.ip,
      userAgent: session.userAgent,
      deviceName: session.deviceName,
      amr: [...session.amr],
      current: session.id === current,
    };
  }
}

export class SessionListResponse {
  @ApiProperty({ maxItems: MAX_LIMIT })
  items!: SessionResponse[];

  /** To be sent as `cursor` for the next page; null on the last. */
  @ApiProperty(CURSOR)
  nextCursor!: string | null;
}

export class RevokedResponse {
  /** How many sessions were ended. */
  @ApiProperty({ ...COUNT, example: 2 })
  revoked!: number;
}
