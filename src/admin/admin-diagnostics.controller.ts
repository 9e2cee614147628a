import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { AppConfig } from '../config/app-config.js';
import { doubtsAbout } from '../http/forwarding-contradictions.js';
import { forwardingOf } from '../http/forwarding.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { ClientIpResponse } from './admin-diagnostics.dto.js';

@ApiTags('admin: diagnostics')
@ApiBearerAuth()
@Controller('api/admin/diagnostics')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
export class AdminDiagnosticsController {
  constructor(private readonly config: AppConfig) {}

  /** How this very request's client address was found: ask through your proxies, and compare with your own address. */
  @Get('client-ip')
  @ApiOkResponse({ type: ClientIpResponse })
  diagnoseClientIp(@Req() request: FastifyRequest): ClientIpResponse {
    const { http } = this.config;
    const forwarding = forwardingOf(request, http.trustProxy);
    return ClientIpResponse.from(forwarding, http.trustProxy, doubtsAbout(request, forwarding, http));
  }
}
