import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { FactorCodes, MAX_CODE_TEXT, MAX_PASSWORD_TEXT } from '../auth.dto.js';

export class PasswordAgainRequest {
  /** The account's password, once more. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  password!: string;
}

export class TotpConfirmRequest {
  /**
   * Six digits that the app shows for the new secret; a blank between two groups of three is allowed.
   * @example "492039"
   */
  @IsString()
  @Length(1, MAX_CODE_TEXT)
  code!: string;
}

/** The password once more and, in one of two forms, the second factor. */
export class BothFactorsRequest extends FactorCodes {
  /** The account's password, once more. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  password!: string;
}

export class TotpEnrolmentResponse {
  /**
   * The secret in base 32, for those who type it; 160 bits.
   * @example "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
   */
  secret!: string;

  /** @example "otpauth://totp/auth.example.com:ada%40example.com?issuer=auth.example.com&secret=…&algorithm=SHA1&digits=6&period=30" */
  otpauthUri!: string;

  /** The same as a QR code: a PNG as a data URL, to be the `src` of an image. */
  qrCode!: string;
}

export class RecoveryCodesResponse {
  /**
   * Ten, each good for one sign-in without the app. Shown this once.
   * @example ["7K2M-9QXT-0VBD-3HWE"]
   */
  @ApiProperty({ type: [String], minItems: 10, maxItems: 10 })
  recoveryCodes!: string[];
}
