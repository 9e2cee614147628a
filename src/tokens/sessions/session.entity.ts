import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { SessionId, UserId } from '../../shared/ids.js';

/** One sign-in, however often it is refreshed since. */
@Entity({ name: 'sessions' })
@Index('sessions_by_user', { synchronize: false })
@Index('sessions_by_creation', { synchronize: false })
@Index('sessions_unended', { synchronize: false })
@Index('sessions_revoked', { synchronize: false })
@Index('sessions_by_ip', { synchronize: false })
@Index('sessions_by_user_agent', { synchronize: false })
export class SessionEntity {
  @PrimaryColumn({ type: 'uuid' })
  id!: SessionId;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: UserId;

  @Column({ type: 'integer' })
  generation!: number;

  @Column({ type: 'bytea' })
  salt!: Buffer;

  @Column({ name: 'secret_id', type: 'text' })
  secretId!: string;

  @Column({ name: 'rotated_at', type: 'timestamptz', nullable: true })
  rotatedAt!: Date | null;

  @Column({ name: 'previous_rotated_at', type: 'timestamptz', nullable: true })
  previousRotatedAt!: Date | null;

  @Column({ name: 'idempotency_key_hash', type: 'bytea', nullable: true })
  idempotencyKeyHash!: Buffer | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'last_used_at', type: 'timestamptz' })
  lastUsedAt!: Date;

  @Column({ name: 'idle_expires_at', type: 'timestamptz' })
  idleExpiresAt!: Date;

  @Column({ name: 'absolute_expires_at', type: 'timestamptz' })
  absoluteExpiresAt!: Date;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;

  @Column({ name: 'revoked_reason', type: 'text', nullable: true })
  revokedReason!: string | null;

  @Column({ type: 'inet' })
  ip!: string;

  @Column({ name: 'user_agent', type: 'text', nullable: true })
  userAgent!: string | null;

  @Column({ name: 'last_ip', type: 'inet' })
  lastIp!: string;

  @Column({ name: 'last_user_agent', type: 'text', nullable: true })
  lastUserAgent!: string | null;

  @Column({ name: 'device_name', type: 'text', nullable: true })
  deviceName!: string | null;

  @Column({ type: 'text', array: true })
  amr!: string[];

  @Column({ name: 'authenticated_at', type: 'timestamptz' })
  authenticatedAt!: Date;

  @Column({ type: 'integer' })
  era!: number;

  /** Of the user agent; the database fills it. */
  @Column({ name: 'user_agent_words', type: 'tsvector', nullable: true, select: false })
  userAgentWords!: string | null;
}
