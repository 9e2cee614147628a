import { Controller, Delete, Param, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UuidParam } from '../http/uuid-param.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { asUserId } from '../shared/ids.js';
import { adminReason } from '../tokens/sessions/revocation-reason.js';
import { RevokedResponse } from '../tokens/sessions/session.dto.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import { UserNotFoundError } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { ReasonQuery } from './admin.dto.js';

@ApiTags('admin: users')
@ApiBearerAuth()
@Controller('api/admin/users')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
@ApiProblems('not_found')
export class AdminUserSessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
  ) {}

  /** Revokes every live session of a user, the caller's own too where it is one of them. */
  @Delete(':id/sessions')
  @ApiOkResponse({ type: RevokedResponse })
  async revokeUserSessions(
    @CurrentPrincipal() actor: Principal,
    @Param('id', UuidParam) id: string,
    @Query() { reason }: ReasonQuery,
    @Req() request: FastifyRequest,
  ): Promise<RevokedResponse> {
    const userId = asUserId(id);
    if (!(await this.users.findById(userId))) throw new UserNotFoundError();
    const by = { actor, client: clientOf(request) };
    return { revoked: await this.sessions.revokeAllOf(userId, adminReason(reason), by) };
  }
}
