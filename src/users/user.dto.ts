import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { USER_ID, EMAIL, LINE, ROLES, TIME } from '../shared/json-formats.js';
import { IsAccountName } from './account-name.js';
import type { Account } from './account.js';

export class UpdateProfileRequest {
  /** What the user is called: 1 to 100 characters; null removes it, absent leaves it. */
  @IsAccountName()
  @IsOptional()
  @ApiProperty({ example: 'Ada Lovelace' })
  name?: string | null;
}

export class UserResponse {
  /** UUIDv7. */
  @ApiProperty(USER_ID)
  readonly id: string;
  /** Normalised: domain and local part in lower case. */
  @ApiProperty(EMAIL)
  readonly email: string;
  @ApiProperty({ example: true })
  readonly emailVerified: boolean;
  @ApiProperty({ ...LINE, maxLength: 100, example: 'Ada Lovelace' })
  readonly name: string | null;
  /** Only `admin` has a meaning to this service. */
  @ApiProperty({ type: [String] })
  @ApiProperty(ROLES)
  readonly roles: string[];
  @ApiProperty({ example: false })
  readonly disabled: boolean;
  @ApiProperty({ example: false })
  readonly mfaEnabled: boolean;
  /** RFC 3339 in UTC. */
  @ApiProperty(TIME)
  readonly createdAt: string;
  /** RFC 3339 in UTC; null before the first sign-in. */
  @ApiProperty(TIME)
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
