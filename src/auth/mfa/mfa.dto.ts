import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { CODE } from '../../shared/json-formats.js';
import { FactorCodes, MAX_CODE_TEXT, MAX_PASSWORD_TEXT } from '../auth.dto.js';

export class PasswordAgainRequest {
  /** The account's password, once more. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'seven quiet otters juggling' })
  password!: string;
}

export class TotpConfirmRequest {
  /** Six digits that the app shows for the new secret; a blank between two groups of three is allowed. */
  @IsString()
  @Length(1, MAX_CODE_TEXT)
  @ApiProperty({ ...CODE, example: '492039' })
  code!: string;
}

/** The password once more and, in one of two forms, the second factor. */
export class BothFactorsRequest extends FactorCodes {
  /** The account's password, once more. */
  @IsString()
  @Length(1, MAX_PASSWORD_TEXT)
  @ApiProperty({ format: 'password', example: 'seven quiet otters juggling' })
  password!: string;
}

export class TotpEnrolmentResponse {
  /** The secret in base 32, for those who type it; 160 bits. */
  @ApiProperty({ maxLength: 32, pattern: '^[A-Z2-7]{32}$', example: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
  secret!: string;

  @ApiProperty({
    maxLength: 1024,
    format: 'uri',
    example:
      'otpauth://totp/auth.example.com:ada%40example.com?issuer=auth.example.com&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30',
  })
  otpauthUri!: string;

  /** The same as a QR code: a PNG as a data URL, to be the `src` of an image. */
  @ApiProperty({ maxLength: 65_536, format: 'uri', example: 'data:image/png;base64,iVBORw0KGgo=' })
  qrCode!: string;
}

export class RecoveryCodesResponse {
  /** Ten, each good for one sign-in without the app. Shown this once. */
  @ApiProperty({
    type: 'array',
    items: { type: 'string', maxLength: 19, pattern: '^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}$' },
    minItems: 10,
    maxItems: 10,
    example: Array.from({ length: 10 }, (_, at) => `7K2M-9QXT-0VBD-3HW${at}`),
  })
  recoveryCodes!: string[];
}
