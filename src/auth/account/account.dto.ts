import { IsString, Length, MaxLength } from 'class-validator';
import { MayBeAbsent } from '../../http/may-be-absent.js';
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
  token!: string;
}

export class PasswordResetRequest extends LinkRequest {
  /**
   * The new password, by the rules of a registration.
   * @example "correct horse battery staple"
   */
  @IsString()
  @MaxLength(MAX_PASSWORD_TEXT)
  password!: string;
}

export class PasswordResetResponse {
  /** To be sent along with the next sign-in: it gets the owner in however many strangers guess at the account. */
  deviceToken!: string;
}

class CodeRequest {
  /**
   * Six digits of the authenticator app, where the account has one.
   * @example "492039"
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_CODE_TEXT)
  code?: string;
}

export class PasswordChangeRequest extends CodeRequest {
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  currentPassword!: string;

  /** @example "correct horse battery staple" */
  @IsString()
  @MaxLength(MAX_PASSWORD_TEXT)
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
  password!: string;
}

export class AccountDeletionRequest extends CodeRequest {
  /** The account's password, once more. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  password!: string;
}
