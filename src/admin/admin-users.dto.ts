import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, Matches } from 'class-validator';
import { IsLineOfText } from '../http/line-of-text.js';
import { MayBeAbsent } from '../http/may-be-absent.js';
import { IsAccountName } from '../users/account-name.js';
import { IsEmailAddress } from '../users/is-email-address.js';
import { MOST_ROLES, ROLE_NAME } from '../users/role-name.js';

export class InviteUserRequest {
  /** @example "ada@example.com" */
  @IsEmailAddress()
  email!: string;

  /** @example "Ada Lovelace" */
  @MayBeAbsent()
  @IsAccountName()
  name?: string;

  /**
   * Only `admin` has a meaning to this service.
   * @example ["support"]
   */
  @MayBeAbsent()
  @ArrayMaxSize(MOST_ROLES)
  @Matches(ROLE_NAME, {
    each: true,
    message: 'must be lower-case names of at most 32 characters: a-z, 0-9, _, : and -',
  })
  @IsArray({ message: 'must be a list' })
  @ApiProperty({ type: [String], maxItems: MOST_ROLES })
  roles?: string[];
}

export class ReasonRequest {
  /** Kept with the event. */
  @MayBeAbsent()
  @IsLineOfText(200)
  reason?: string;
}
