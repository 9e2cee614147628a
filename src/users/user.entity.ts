import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { UserId } from '../shared/ids.js';
import type { EmailAddress } from './email-address.js';

@Entity({ name: 'users' })
@Index('users_admins', { synchronize: false })
@Index('users_by_registration_expiry', { synchronize: false })
@Index('users_by_words', { synchronize: false })
@Index('users_by_role', { synchronize: false })
@Index('users_disabled', { synchronize: false })
@Index('users_unverified', { synchronize: false })
export class UserEntity {
  @PrimaryColumn({ type: 'uuid' })
  id!: UserId;

  @Column({ type: 'text', unique: true })
  email!: EmailAddress;

  @Column({ name: 'email_verified_at', type: 'timestamptz', nullable: true })
  emailVerifiedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column({ name: 'password_hash', type: 'text', nullable: true })
  passwordHash!: string | null;

  @Column({ name: 'credential_version', type: 'integer' })
  credentialVersion!: number;

  @Column({ type: 'integer' })
  ver!: number;

  @Column({ type: 'text', array: true })
  roles!: string[];

  @Column({ name: 'mfa_enabled', type: 'boolean' })
  mfaEnabled!: boolean;

  @Column({ name: 'device_version', type: 'integer' })
  deviceVersion!: number;

  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true })
  disabledAt!: Date | null;

  @Column({ name: 'registration_expires_at', type: 'timestamptz', nullable: true })
  registrationExpiresAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'last_login_at', type: 'timestamptz', nullable: true })
  lastLoginAt!: Date | null;
}
