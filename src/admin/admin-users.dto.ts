import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, Matches } from 'class-validator';
import { IsLineOfText } from '../http/line-of-text.js';
import { MayBeAbsent } from '../http/may-be-absent.js';
import { PageQuery, MAX_LIMIT } from '../http/page-query.dto.js';
import { CURSOR, ROLES } from '../shared/json-formats.js';
import { ACCOUNT_STATUSES, MAX_SEARCH_CHARACTERS } from '../users/account-directory.js';
import type { AccountStatus } from '../users/account-directory.js';
import { IsAccountName } from '../users/account-name.js';
import { IsEmailAddress } from '../users/is-email-address.js';
import { MOST_ROLES, ROLE_NAME } from '../users/role-name.js';
import { UserResponse } from '../users/user.dto.js';

const NAME_RULE = 'lower-case names of at most 32 characters: a-z, 0-9, _, : and -';

const AreRoles = (): PropertyDecorator =>
  applyDecorators(
    // The first that fails is told.
    IsArray({ message: 'must be a list' }),
    ArrayMaxSize(MOST_ROLES),
    Matches(ROLE_NAME, { each: true, message: `must be ${NAME_RULE}` }),
    ApiProperty({ ...ROLES, maxItems: MOST_ROLES }),
  );

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
  @AreRoles()
  roles?: string[];
}

export class ChangeUserRequest {
  /**
   * All that the account is to have. Only `admin` has a meaning to this service.
   * @example ["support"]
   */
  @MayBeAbsent()
  @AreRoles()
  roles?: string[];

  /** Nobody signs in to a disabled account. */
  @MayBeAbsent()
  @IsBoolean()
  @ApiProperty({ example: false })
  disabled?: boolean;

  /** What the user is called: 1 to 100 characters; null removes it, absent leaves it. */
  @IsAccountName()
  @IsOptional()
  @ApiProperty({ example: 'Ada Lovelace' })
  name?: string | null;
}

export class UserListQuery extends PageQuery {
  /**
   * Words, each of which is the beginning of a word in the address or the name, whatever the case. Punctuation parts words.
   * @example "ada@exam"
   */
  @MayBeAbsent()
  @IsLineOfText(MAX_SEARCH_CHARACTERS)
  search?: string;

  /** `disabled`, else `unverified`, else `active`. */
  @MayBeAbsent()
  @IsIn(ACCOUNT_STATUSES, { message: `must be one of ${ACCOUNT_STATUSES.join(', ')}` })
  @ApiProperty({ enum: ACCOUNT_STATUSES, example: 'active' })
  status?: AccountStatus;

  @MayBeAbsent()
  @Matches(ROLE_NAME, { message: 'must be the name of a role' })
  @ApiProperty({ maxLength: 32, example: 'admin' })
  role?: string;
}

export class UserListResponse {
  @ApiProperty({ maxItems: MAX_LIMIT })
  items!: UserResponse[];

  @ApiProperty(CURSOR)
  nextCursor!: string | null;
}

export class ReasonRequest {
  /** Kept with the event. */
  @MayBeAbsent()
  @IsLineOfText(200)
  @ApiProperty({ example: 'asked for by phone' })
  reason?: string;
}
