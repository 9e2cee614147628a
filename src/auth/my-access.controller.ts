import { Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, BEARER_PROBLEMS } from '../http/problem.dto.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
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
@ApiProblems(...BEARER_PROBLEMS)
export class MyAccessController {
  constructor(private readonly sessions: SessionsService) {}

  /** The worked example of a guarded route. */
  @Get('protected')
  @ApiOkResponse({ type: ProtectedResponse })
  protected(@CurrentPrincipal() principal: Principal): ProtectedResponse {
    return { message: 'Access granted', user: { id: principal.userId, roles: [...principal.roles] } };
  }

  /** Signs out everywhere: every session of the user is revoked, this one too. */
  @Post('logout/all')
  @HttpCode(204)
  @ApiNoContentResponse()
  async logoutEverywhere(@CurrentPrincipal() { userId }: Principal): Promise<void> {
    await this.sessions.revokeAllOf(userId, 'logout_all');
  }
}
