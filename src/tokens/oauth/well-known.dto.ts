class PublicKeyResponse {
  /** @example "EC" */
  kty!: string;

  /** The thumbprint of the key (RFC 7638). */
  kid!: string;

  /** @example "sig" */
  use!: string;

  /** @example "ES256" */
  alg!: string;

  crv?: string;

  x?: string;

  y?: string;

  n?: string;

  e?: string;
}

export class KeySetResponse {
  keys!: PublicKeyResponse[];
}

/** Authorization server metadata (RFC 8414 §2). */
export class MetadataResponse {
  issuer!: string;

  jwks_uri!: string;

  introspection_endpoint!: string;

  /** @example ["client_secret_basic"] */
  introspection_endpoint_auth_methods_supported!: string[];

  revocation_endpoint!: string;

  /** @example ["client_secret_basic", "none"] */
  revocation_endpoint_auth_methods_supported!: string[];

  /** Empty: no authorization endpoint. */
  response_types_supported!: string[];

  /** Empty: no grant is offered. */
  grant_types_supported!: string[];
}
