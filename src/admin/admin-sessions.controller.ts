import { Controller, Delete, HttpCode, Param, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ADMIN_PROBLEMS, ApiProblems } from '../http/problem.dto.js';
import { UuidParam } from '../http/uuid-param.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { asSessionId, asUserId } from '../shared/ids.js';
import { RevokedResponse } from '../tokens/sessions/session.dto.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import type { RevocationReason } from '../tokens/sessions/sessions.service.js';
import { SessionNotFoundError } from '../tokens/tokens.errors.js';
import { UserNotFoundError } from '../users/users.errors.js';
import { UsersService } from '../users/users.service.js';
import { ReasonQuery } from './admin.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@Controller('api/admin')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
@ApiProblems(...ADMIN_PROBLEMS, 'validation_failed', 'not_found')
export class AdminSessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly users: UsersService,
  ) {}

  /** Revokes a session; no error where it has ended already. */
  @Delete('sessions/:id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async revoke(@Param('id', UuidParam) id: string, @Query() { reason }: ReasonQuery): Promise<void> {
    if (!(await this.sessions.revoke(asSessionId(id), recorded(reason)))) throw new SessionNotFoundError();
  }

  /** Revokes every live session of a user. */
  @Delete('users/:id/sessions')
  @ApiOkResponse({ type: RevokedResponse })
  async revokeAll(@Param('id', UuidParam) id: string, @Query() { reason }: ReasonQuery): Promise<RevokedResponse> {
    const userId = asUserId(id);
    if (!(await this.users.findById(userId))) throw new UserNotFoundError();
    return { revoked: await this.sessions.revokeAllOf(userId, recorded(reason)) };
  }
}

const recorded = (reason: string | undefined): RevocationReason =>
  reason === undefined ? 'admin' : `admin: ${reason}`;
