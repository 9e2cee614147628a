import type { UserId } from '../shared/ids.js';
import type { EmailAddress } from './email-address.js';
import type { UserEntity } from './user.entity.js';

/** An account as other folders see it: without its password hash. */
export interface Account {
  readonly id: UserId;
  readonly email: EmailAddress;
  readonly emailVerified: boolean;
  readonly name: string | null;
  readonly roles: readonly string[];
  readonly disabled: boolean;
  readonly mfaEnabled: boolean;
  /** Raised whenever what proves the owner changes. */
  readonly credentialVersion: number;
  /** The security version that tokens carry as `ver`. */
  readonly ver: number;
  /** Raised by a password reset: a device token of another version is no known device's. */
  readonly deviceVersion: number;
  /** Whether a password was ever set: an invitation that nobody has accepted has none. */
  readonly hasPassword: boolean;
  /** It registered itself, and nobody has shown that the address is theirs, or used it: it gives way to whoever does. */
  readonly isUnusedRegistration: boolean;
  readonly createdAt: Date;
  readonly lastLoginAt: Date | null;
}

export const toAccount = (user: UserEntity): Account => ({
  id: user.id,
  email: user.email,
  emailVerified: user.emailVerifiedAt !== null,
  name: user.name,
  roles: user.roles,
  disabled: user.disabledAt !== null,
  mfaEnabled: user.mfaEnabled,
  credentialVersion: user.credentialVersion,
  ver: user.ver,
  deviceVersion: user.deviceVersion,
  hasPassword: user.passwordHash !== null,
  isUnusedRegistration: user.registrationExpiresAt !== null && user.emailVerifiedAt === null,
  createdAt: user.createdAt,
  lastLoginAt: user.lastLoginAt,
});
