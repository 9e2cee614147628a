import { Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal, principalOf } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import { ProtectedResponse } from './tokens.dto.js';

@ApiTags('sign-in')
@ApiBearerAuth()
@Controller('api')
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@RateLimit('bearer')
export class MyAccessController {
  constructor(private readonly sessions: SessionsService) {}

  /** The worked example of a guarded route. */
  @Get('protected')
  @ApiOkResponse({ type: ProtectedResponse })
  readProtected(@Req() request: FastifyRequest): ProtectedResponse {
    // Nest takes what a decorator of ours makes through every pipe: `@CurrentPrincipal()` is the shorter way elsewhere.
    const principal = principalOf(request);
    return { message: 'Access granted', user: { id: principal.userId, roles: [...principal.roles] } };
  }

  /** Signs out everywhere: every session of the user is revoked, this one too. */
  @Post('logout/all')
  @HttpCode(204)
  @ApiNoContentResponse()
  async logoutEverywhere(@CurrentPrincipal() actor: Principal, @Req() request: FastifyRequest): Promise<void> {
    await this.sessions.revokeAllOf(actor.userId, 'logout_all', { actor, client: clientOf(request) });
  }
}
