import { ApiProperty } from '@nestjs/swagger';
import { REFRESH_TOKEN, URL_TEXT, USER_ID, ID, NUMERIC_DATE, AMR, ROLES, LINE } from '../../shared/json-formats.js';
import { MAX_TOKEN_CHARACTERS } from './oauth-form.js';

const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_client',
  'unauthorized_client',
  'temporarily_unavailable',
  'server_error',
];

export class TokenForm {
  /** The access or refresh token. */
  @ApiProperty({ minLength: 1, maxLength: MAX_TOKEN_CHARACTERS, format: 'password', example: REFRESH_TOKEN.example })
  token!: string;

  /** Accepted and ignored: a token shows its type by its form. */
  @ApiProperty({ maxLength: 64, pattern: '^[a-z_]*$', example: 'refresh_token' })
  token_type_hint?: string;
}

export class IntrospectionResponse {
  /** Where false, it is the only member. */
  @ApiProperty({ example: true })
  active!: boolean;

  /** Of an access token: "Bearer". */
  @ApiProperty({ enum: ['Bearer'] })
  token_type?: string;

  @ApiProperty(URL_TEXT)
  iss?: string;

  @ApiProperty({ ...LINE, maxLength: 2048, example: URL_TEXT.example })
  aud?: string;

  /** The user's id. */
  @ApiProperty(USER_ID)
  sub?: string;

  @ApiProperty({ enum: ['gatehouse'] })
  client_id?: string;

  @ApiProperty(ID)
  jti?: string;

  /** The session's id. */
  @ApiProperty(ID)
  sid?: string;

  /** NumericDate, in seconds, as all times here. */
  @ApiProperty(NUMERIC_DATE)
  iat?: number;

  @ApiProperty(NUMERIC_DATE)
  exp?: number;

  @ApiProperty(NUMERIC_DATE)
  auth_time?: number;

  @ApiProperty(AMR)
  amr?: string[];

  @ApiProperty(ROLES)
  roles?: string[];
}

/** An error as RFC 6749 §5.2 has it, with §4.1.2.1's codes for what is not the client's fault. */
export class OauthErrorResponse {
  @ApiProperty({ enum: OAUTH_ERRORS, example: 'invalid_client' })
  error!: string;

  /** What happened, for a person: it may change. */
  @ApiProperty({ ...LINE, maxLength: 1024, example: 'This takes the credentials of a service client, by HTTP Basic.' })
  error_description?: string;
}
