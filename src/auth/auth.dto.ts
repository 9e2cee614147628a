import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, Length, MaxLength } from 'class-validator';
import { IsLineOfText } from '../http/line-of-text.js';
import { MayBeAbsent } from '../http/may-be-absent.js';
import { DEVICE_TOKEN, MFA_TOKEN, REFRESH_TOKEN, CODE } from '../shared/json-formats.js';
import { IsAccountName } from '../users/account-name.js';
import { IsEmailAddress } from '../users/is-email-address.js';

/** Longer than any password may be: what is between is refused as wrong, at the same cost. */
export const MAX_PASSWORD_TEXT = 1024;

/** Longer than any token of ours, so that an access token in its place is refused as what it is. */
export const MAX_TOKEN_TEXT = 8192;

/** Longer than any code of ours. */
export const MAX_CODE_TEXT = 64;

export class LoginRequest {
  /**
   * The e-mail address of the account.
   * @example "ada@example.com"
   */
  @IsEmailAddress()
  email!: string;

  /** The password, exactly as it was chosen: it is never trimmed, cut or case-folded. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'seven quiet otters juggling' })
  password!: string;

  /** What the user calls this device, shown in the list of sessions. */
  @MayBeAbsent()
  @IsLineOfText(100)
  @ApiProperty({ example: 'Work laptop' })
  deviceName?: string;

  /**
   * What an earlier sign-in from this device answered with: wrong passwords are then counted for the device alone, so that
   * guesses of strangers cannot keep its owner out. One that is not good for this account is ignored.
   */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_TOKEN_TEXT)
  @ApiProperty({ ...CODE, example: DEVICE_TOKEN.example })
  deviceToken?: string;

  /**
   * Where refresh token and device token are handed over: in the answer, or in cookies that no script can read
   * (`__Host-refresh` and `__Host-device`).
   */
  @MayBeAbsent()
  @IsIn(['body', 'cookie'])
  @ApiProperty({ example: 'body' })
  refreshTokenIn?: 'body' | 'cookie';
}

/** One of the two codes that a second factor is shown by. */
export class FactorCodes {
  /** Six digits of the authenticator app; a blank between two groups of three is allowed. */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_CODE_TEXT)
  @ApiProperty({ ...CODE, example: '492039' })
  code?: string;

  /** One of the ten recovery codes, instead of `code`, in any case and with or without hyphens. */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_CODE_TEXT)
  @ApiProperty({ ...CODE, example: '7K2M-9QXT-0VBD-3HWE' })
  recoveryCode?: string;
}

/** The second step of a sign-in: the token of the first and one of the two codes. */
export class MfaLoginRequest extends FactorCodes {
  /** The `mfaToken` of the answer `mfa_required`; good for five minutes, five codes and one sign-in. */
  @IsString()
  @Length(1, MAX_TOKEN_TEXT)
  @ApiProperty({ ...CODE, example: MFA_TOKEN.example })
  mfaToken!: string;
}

export class RefreshRequest {
  /** The refresh token that the last sign-in or refresh answered with. Left out by a client whose token is in the cookie. */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_TOKEN_TEXT)
  @ApiProperty({ ...CODE, example: REFRESH_TOKEN.example })
  refreshToken?: string;
}

export class LogoutRequest {
  /** The session's refresh token, for a client that has no access token at hand. */
  @MayBeAbsent()
  @IsString()
  @Length(1, MAX_TOKEN_TEXT)
  @ApiProperty({ ...CODE, example: REFRESH_TOKEN.example })
  refreshToken?: string;
}

export class RegisterRequest {
  /** @example "ada@example.com" */
  @IsEmailAddress()
  email!: string;

  /** At least 15 characters (configurable), at most 128 and 512 bytes. Any Unicode, no rules of composition. */
  @IsString()
  @MaxLength(MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'seven quiet otters juggling' })
  password!: string;

  /**
   * What the user is called: 1 to 100 characters.
   * @example "Ada Lovelace"
   */
  @MayBeAbsent()
  @IsAccountName()
  name?: string;
}

/** An empty object. */
export class EmptyResponse {}
