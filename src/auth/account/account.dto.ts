import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../../http/may-be-absent.js';
import { LINK_TOKEN, DEVICE_TOKEN, CODE } from '../../shared/json-formats.js';
import { IsEmailAddress } from '../../users/is-email-address.js';
import { MAX_CODE_TEXT, MAX_PASSWORD_TEXT, MAX_TOKEN_TEXT } from '../auth.dto.js';

export class EmailRequest {
  /** @example "ada@example.com" */
  @IsEmailAddress()
  email!: string;
}

export class LinkRequest {
  /** The token behind `#token=` of the mailed link. */
  @IsString()
  @Length(1, MAX_TOKEN_TEXT)
  @ApiProperty({ ...CODE, example: LINK_TOKEN.example })
  token!: string;
}

export class PasswordResetRequest extends LinkRequest {
  /** The new password, by the rules of a registration. */
  @IsString()
  @MaxLength(MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  password!: string;
}

export class PasswordResetResponse {
  /** To be sent along with the next sign-in: it gets the owner in however many strangers guess at the account. */
  @ApiProperty(DEVICE_TOKEN)
  deviceToken!: string;
}

class CodeRequest {
  /** Six digits of the authenticator app, where the account has one. */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_CODE_TEXT)
  @ApiProperty({ ...CODE, example: '492039' })
  code?: string;
}

export class PasswordChangeRequest extends CodeRequest {
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'seven quiet otters juggling' })
  currentPassword!: string;

  @IsString()
  @MaxLength(MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'correct horse battery staple' })
  newPassword!: string;
}

export class EmailChangeRequest extends CodeRequest {
  /**
   * The address that the account is to have.
   * @example "lovelace@example.com"
   */
  @IsEmailAddress()
  email!: string;

  /** The account's password, once more. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'seven quiet otters juggling' })
  password!: string;
}

export class AccountDeletionRequest extends CodeRequest {
  /** The account's password, once more. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'seven quiet otters juggling' })
  password!: string;
}
