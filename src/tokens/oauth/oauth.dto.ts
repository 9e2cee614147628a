import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';

export class TokenForm {
  /** The access or refresh token. */
  token!: string;

  /** Accepted and ignored: a token shows its type by its form. */
  token_type_hint?: string;
}

export class IntrospectionResponse {
  /** Where false, it is the only member. */
  active!: boolean;

  /** Of an access token: "Bearer". */
  token_type?: string;

  iss?: string;

  aud?: string;

  /** The user's id. */
  sub?: string;

  client_id?: string;

  jti?: string;

  /** The session's id. */
  sid?: string;

  /** NumericDate, in seconds, as all times here. */
  iat?: number;

  exp?: number;

  auth_time?: number;

  /** @example ["pwd"] */
  amr?: string[];

  /** @example ["admin"] */
  roles?: string[];
}

/** RFC 6749 §5.2. */
class OauthErrorResponse {
  /** @example "invalid_client" */
  error!: string;

  error_description?: string;
}

export function ApiOauthErrors(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    ApiResponse({ status: 400, type: OauthErrorResponse, description: '`invalid_request`' }),
    ApiResponse({ status: 401, type: OauthErrorResponse, description: '`invalid_client`' }),
    ApiResponse({ status: 429, type: OauthErrorResponse, description: '`temporarily_unavailable`' }),
    ApiResponse({ status: 503, type: OauthErrorResponse, description: '`temporarily_unavailable`' }),
  );
}
