import { ApiProperty } from '@nestjs/swagger';
import { KEY_ID, BASE64URL_NUMBER, URL_TEXT } from '../../shared/json-formats.js';

const NONE = {
  type: 'array',
  items: { type: 'string', maxLength: 64, pattern: '^[a-z_ ]+$' },
  maxItems: 0,
  example: [],
} as const;

class PublicKeyResponse {
  /** @example "EC" */
  @ApiProperty({ enum: ['EC', 'RSA'] })
  kty!: string;

  /** The thumbprint of the key (RFC 7638). */
  @ApiProperty(KEY_ID)
  kid!: string;

  /** @example "sig" */
  @ApiProperty({ enum: ['sig'] })
  use!: string;

  /** @example "ES256" */
  @ApiProperty({ enum: ['ES256', 'ES384', 'PS256', 'RS256'] })
  alg!: string;

  @ApiProperty({ enum: ['P-256', 'P-384'] })
  crv?: string;

  @ApiProperty(BASE64URL_NUMBER)
  x?: string;

  @ApiProperty(BASE64URL_NUMBER)
  y?: string;

  @ApiProperty({ ...BASE64URL_NUMBER, example: undefined })
  n?: string;

  @ApiProperty({ ...BASE64URL_NUMBER, example: undefined })
  e?: string;
}

export class KeySetResponse {
  @ApiProperty({ maxItems: 100 })
  keys!: PublicKeyResponse[];
}

/** Authorization server metadata (RFC 8414 §2). */
export class MetadataResponse {
  @ApiProperty(URL_TEXT)
  issuer!: string;

  @ApiProperty({ ...URL_TEXT, example: 'https://auth.example.com/.well-known/jwks.json' })
  jwks_uri!: string;

  @ApiProperty({ ...URL_TEXT, example: 'https://auth.example.com/oauth/introspect' })
  introspection_endpoint!: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: ['client_secret_basic'] },
    maxItems: 1,
    example: ['client_secret_basic'],
  })
  introspection_endpoint_auth_methods_supported!: string[];

  @ApiProperty({ ...URL_TEXT, example: 'https://auth.example.com/oauth/revoke' })
  revocation_endpoint!: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: ['client_secret_basic', 'none'] },
    maxItems: 2,
    example: ['client_secret_basic', 'none'],
  })
  revocation_endpoint_auth_methods_supported!: string[];

  /** Empty: no authorization endpoint. */
  @ApiProperty(NONE)
  response_types_supported!: string[];

  /** Empty: no grant is offered. */
  @ApiProperty(NONE)
  grant_types_supported!: string[];
}
