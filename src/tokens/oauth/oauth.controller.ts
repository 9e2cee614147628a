import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../../http/client-context.js';
import { ApiProblems } from '../../http/problem.dto.js';
import { ClientAuthGuard } from '../../security/clients/client-auth.guard.js';
import { ClientAuthentication, hasBasicCredentials } from '../../security/clients/client-authentication.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { isRefreshToken } from '../sessions/refresh-token.js';
import { Introspection } from './introspection.js';
import type { IntrospectedToken } from './introspection.js';
import { TokenRevocation } from './token-revocation.js';
import { IntrospectionResponse, TokenForm } from './oauth.dto.js';
import { tokenOf } from './oauth-form.js';

@ApiTags('services')
@ApiBasicAuth()
@ApiConsumes('application/x-www-form-urlencoded')
@Controller('oauth')
@UseGuards(ThrottlerGuard)
@RateLimit('service')
export class OauthController {
  constructor(
    private readonly introspection: Introspection,
    private readonly revocation: TokenRevocation,
    private readonly clients: ClientAuthentication,
  ) {}

  /** Tells whether a token is good right now (RFC 7662). */
  @Post('introspect')
  @HttpCode(200)
  @UseGuards(ClientAuthGuard)
  @ApiProblems('revocation_unknown')
  @ApiBody({ type: TokenForm })
  @ApiOkResponse({ type: IntrospectionResponse })
  introspectToken(@Body() form: unknown): Promise<IntrospectedToken> {
    return this.introspection.introspect(tokenOf(form));
  }

  /**
   * Revokes a token (RFC 7009): 200 whatever it is. A refresh token needs no client authentication, since whoever holds it
   * could use it; an access token does.
   */
  @Post('revoke')
  @HttpCode(200)
  @ApiBody({ type: TokenForm })
  @ApiOkResponse({ description: 'Whatever the token was, it is good no more. There is no body.' })
  @ApiProblems('invalid_client')
  async revokeToken(@Body() form: unknown, @Req() request: FastifyRequest): Promise<void> {
    const token = tokenOf(form);
    if (hasBasicCredentials(request) || !isRefreshToken(token)) await this.clients.authenticate(request);
    await this.revocation.revoke(token, clientOf(request));
  }
}
