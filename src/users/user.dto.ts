import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsAccountName } from './account-name.js';
import type { Account } from './account.js';

export class UpdateProfileRequest {
  /** What the user is called: 1 to 100 characters; null removes it, absent leaves it. */
  @IsAccountName()
  @IsOptional()
  name?: string | null;
}

export class UserResponse {
  /** UUIDv7. */
  @ApiProperty({ format: 'uuid' })
  readonly id: string;
  /** Normalised: domain and local part in lower case. */
  @ApiProperty({ format: 'email' })
  readonly email: string;
  readonly emailVerified: boolean;
  readonly name: string | null;
  /**
   * Only `admin` has a meaning to this service.
   * @example ["admin"]
   */
  @ApiProperty({ type: [String] })
  readonly roles: string[];
  readonly disabled: boolean;
  readonly mfaEnabled: boolean;
  /** RFC 3339 in UTC. */
  @ApiProperty({ format: 'date-time' })
  readonly createdAt: string;
  /** RFC 3339 in UTC; null before the first sign-in. */
  @ApiProperty({ format: 'date-time' })
  readonly lastLoginAt: string | null;

  private constructor(account: Account) {
    this.id = account.id;
    this.email = account.email;
    this.emailVerified = account.emailVerified;
    this.name = account.name;
    this.roles = [...account.roles];
    this.disabled = account.disabled;
    this.mfaEnabled = account.mfaEnabled;
    this.createdAt = account.createdAt.toISOString();
    this.lastLoginAt = account.lastLoginAt?.toISOString() ?? null;
  }

  static from(account: Account): UserResponse {
    return new UserResponse(account);
  }
}
