import { earlierOf } from '../../shared/clock.js';
import type { SessionId, UserId } from '../../shared/ids.js';
import type { SessionEntity } from './session.entity.js';

/** What may be told of a session: nothing that a token could be made from. */
export interface Session {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
  readonly expiresBy: 'idle' | 'absolute';
  readonly revokedAt: Date | null;
  readonly revokedReason: string | null;
  readonly ip: string;
  readonly userAgent: string | null;
  readonly deviceName: string | null;
  readonly amr: readonly string[];
}

export function asSession(entity: SessionEntity): Session {
  const { id, userId, createdAt, lastUsedAt, revokedAt, revokedReason, ip, userAgent, deviceName, amr } = entity;
  const expiresAt = earlierOf(entity.idleExpiresAt, entity.absoluteExpiresAt);
  const expiresBy = expiresAt === entity.idleExpiresAt ? 'idle' : 'absolute';
  return {
    id,
    userId,
    createdAt,
    lastUsedAt,
    expiresAt,
    expiresBy,
    revokedAt,
    revokedReason,
    ip,
    userAgent,
    deviceName,
    amr,
  };
}
