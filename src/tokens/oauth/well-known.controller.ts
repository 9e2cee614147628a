import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { JsonWebKey } from 'node:crypto';
import { AppConfig } from '../../config/app-config.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { JWKS_CACHE_SECONDS } from '../keys/key-plan.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { KeySetResponse, MetadataResponse } from './well-known.dto.js';

const CACHE = `public, max-age=${JWKS_CACHE_SECONDS}`;

@ApiTags('services')
@Controller('.well-known')
@UseGuards(ThrottlerGuard)
@RateLimit('public')
export class WellKnownController {
  constructor(
    private readonly keys: SigningKeys,
    private readonly config: AppConfig,
  ) {}

  /** The public keys that verify access tokens (RFC 7517); none under HS256. */
  @Get('jwks.json')
  @Header('Cache-Control', CACHE)
  @ApiOkResponse({ type: KeySetResponse })
  readKeySet(): { keys: JsonWebKey[] } {
    return { keys: this.keys.published() };
  }

  /** Where this service's endpoints for other services are (RFC 8414). No grant is offered: there is no token endpoint. */
  @Get('oauth-authorization-server')
  @Header('Cache-Control', CACHE)
  @ApiOkResponse({ type: MetadataResponse })
  readMetadata(): MetadataResponse {
    const { publicUrl } = this.config.http;
    return {
      issuer: this.config.tokens.issuer,
      jwks_uri: `${publicUrl}/.well-known/jwks.json`,
      introspection_endpoint: `${publicUrl}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: ['client_secret_basic'],
      revocation_endpoint: `${publicUrl}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
      response_types_supported: [],
      grant_types_supported: [],
    };
  }
}
