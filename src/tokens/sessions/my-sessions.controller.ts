import { Controller, Delete, Get, HttpCode, Param, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../../http/client-context.js';
import { PageCursors } from '../../http/page-cursors.js';
import { PageQuery } from '../../http/page-query.dto.js';
import { ApiProblems } from '../../http/problem.dto.js';
import { UuidParam } from '../../http/uuid-param.js';
import { JwtAuthGuard } from '../../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../../security/principal.js';
import type { Principal } from '../../security/principal.js';
import { RateLimit } from '../../security/rate-limit.decorator.js';
import { ThrottlerGuard } from '../../security/throttler.guard.js';
import { asSessionId } from '../../shared/ids.js';
import { SessionNotFoundError } from '../tokens.errors.js';
import { RevokedResponse, SessionListResponse, SessionResponse } from './session.dto.js';
import { SessionReader } from './session-reader.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('sessions')
@ApiBearerAuth()
@Controller('api/me/sessions')
@UseGuards(ThrottlerGuard, JwtAuthGuard)
@RateLimit('bearer')
export class MySessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly reader: SessionReader,
    private readonly cursors: PageCursors,
  ) {}

  /** The caller's live sessions, newest first. */
  @Get()
  @ApiOkResponse({ type: SessionListResponse })
  async listOwnSessions(
    @CurrentPrincipal() { userId, sessionId }: Principal,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<SessionListResponse> {
    const list = `sessions of ${userId}`;
    const before = await this.cursors.before(list, cursor);
    const page = { limit: limit + 1, before: before === undefined ? undefined : asSessionId(before) };
    const found = await this.reader.listLive(userId, page);
    const { items, nextCursor } = await this.cursors.page(list, found, limit);
    return { items: items.map((session) => SessionResponse.from(session, sessionId)), nextCursor };
  }

  /** Ends all of the caller's sessions but the current one. */
  @Delete()
  @ApiOkResponse({ type: RevokedResponse })
  async endOtherSessions(
    @CurrentPrincipal() actor: Principal,
    @Req() request: FastifyRequest,
  ): Promise<RevokedResponse> {
    const by = { actor, client: clientOf(request) };
    return { revoked: await this.sessions.revokeAllOf(actor.userId, 'ended_by_user', by, actor.sessionId) };
  }

  /** Ends one of the caller's sessions. */
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems('not_found')
  async endOwnSession(
    @CurrentPrincipal() actor: Principal,
    @Param('id', UuidParam) id: string,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const by = { actor, client: clientOf(request) };
    const found = await this.sessions.revoke(asSessionId(id), 'ended_by_user', by, actor.userId);
    if (!found) throw new SessionNotFoundError();
  }
}
