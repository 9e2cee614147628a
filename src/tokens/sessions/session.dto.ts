import type { SessionId } from '../../shared/ids.js';
import type { Session } from './session.js';

export class SessionResponse {
  /** @example "0199c2f4-7d1e-7c3a-9b5f-2f6c1d8e4a90" */
  id!: string;

  /** @example "0199c2f4-6a10-7b21-8c4d-91b3a7e6f5d2" */
  userId!: string;

  /** When the user signed in; RFC 3339 in UTC, as all times here. */
  createdAt!: string;

  /** When it was refreshed last. */
  lastUsedAt!: string;

  /** When it ends by itself, unless it is refreshed before. */
  expiresAt!: string;

  /** Whether disuse or age ends it first. */
  expiresBy!: 'idle' | 'absolute';

  revokedAt!: string | null;

  /** @example "logout" */
  revokedReason!: string | null;

  /**
   * The client's address at the sign-in.
   * @example "203.0.113.7"
   */
  ip!: string;

  /** The user agent at the sign-in. */
  userAgent!: string | null;

  /** @example "Ada's laptop" */
  deviceName!: string | null;

  /**
   * How the user was authenticated (RFC 8176).
   * @example ["pwd"]
   */
  amr!: string[];

  /** Whether it is the session of the token that asks. */
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
  items!: SessionResponse[];

  /** To be sent as `cursor` for the next page; null on the last. */
  nextCursor!: string | null;
}

export class RevokedResponse {
  /**
   * How many sessions were ended.
   * @example 2
   */
  revoked!: number;
}
