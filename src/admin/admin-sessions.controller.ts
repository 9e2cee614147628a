import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Req, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { clientOf } from '../http/client-context.js';
import { NoQuery } from '../http/no-query.js';
import { ApiProblems } from '../http/problem.dto.js';
import { UuidParam } from '../http/uuid-param.js';
import { JwtAuthGuard } from '../security/jwt-auth.guard.js';
import { CurrentPrincipal } from '../security/principal.js';
import type { Principal } from '../security/principal.js';
import { RateLimit } from '../security/rate-limit.decorator.js';
import { RequireRole, RolesGuard } from '../security/roles.guard.js';
import { ThrottlerGuard } from '../security/throttler.guard.js';
import { asSessionId } from '../shared/ids.js';
import { BulkRevocation } from '../tokens/session-control/bulk-revocation.js';
import { EveryoneRevocation } from '../tokens/session-control/everyone-revocation.js';
import { SessionSearch } from '../tokens/session-control/session-search.js';
import { adminReason } from '../tokens/sessions/revocation-reason.js';
import { SessionListResponse, SessionResponse } from '../tokens/sessions/session.dto.js';
import { SessionReader } from '../tokens/sessions/session-reader.js';
import { SessionsService } from '../tokens/sessions/sessions.service.js';
import { SessionNotFoundError } from '../tokens/tokens.errors.js';
import {
  BulkRevokedResponse,
  ListSessionsQuery,
  RevokeSessionsRequest,
  filterOf,
  selectionOf,
} from './admin-sessions.dto.js';
import { ReasonQuery } from './admin.dto.js';

@ApiTags('admin: sessions')
@ApiBearerAuth()
@Controller('api/admin/sessions')
@UseGuards(ThrottlerGuard, JwtAuthGuard, RolesGuard)
@RequireRole('admin')
@RateLimit('bearer')
export class AdminSessionsController {
  constructor(
    private readonly search: SessionSearch,
    private readonly reader: SessionReader,
    private readonly sessions: SessionsService,
    private readonly bulk: BulkRevocation,
    private readonly everyone: EveryoneRevocation,
  ) {}

  /** Sessions of anyone, live or ended, newest first: those that match every filter given. */
  @Get()
  @ApiOkResponse({ type: SessionListResponse })
  async listSessions(
    @CurrentPrincipal() { sessionId }: Principal,
    @Query() query: ListSessionsQuery,
  ): Promise<SessionListResponse> {
    const { limit, cursor } = query;
    const { items, nextCursor } = await this.search.page(filterOf(query), { limit, cursor });
    return { items: items.map((session) => SessionResponse.from(session, sessionId)), nextCursor };
  }

  /** One session. */
  @Get(':id')
  @ApiOkResponse({ type: SessionResponse })
  @ApiProblems('not_found')
  async readSession(
    @CurrentPrincipal() { sessionId }: Principal,
    @Param('id', UuidParam) id: string,
  ): Promise<SessionResponse> {
    const found = await this.reader.find(asSessionId(id));
    if (!found) throw new SessionNotFoundError();
    return SessionResponse.from(found, sessionId);
  }

  /** Revokes a session; no error where it has ended already. */
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiProblems('not_found')
  async revokeSession(
    @CurrentPrincipal() actor: Principal,
    @Param('id', UuidParam) id: string,
    @Query() { reason }: ReasonQuery,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    const by = { actor, client: clientOf(request) };
    if (!(await this.sessions.revoke(asSessionId(id), adminReason(reason), by))) throw new SessionNotFoundError();
  }

  /**
   * Revokes all live sessions that match a filter, at most 100,000, or everyone's with `all: true`: in one step, so that no
   * refresh slips past. With `expected`, nothing is revoked unless as many match. The caller's own session is spared unless
   * `includeSelf`; after `all: true` its access token is answered with `token_stale`, which a refresh mends.
   */
  @Post('revoke')
  @HttpCode(200)
  @ApiOkResponse({ type: BulkRevokedResponse })
  @ApiProblems('count_mismatch', 'too_many')
  async revokeSessions(
    @CurrentPrincipal() actor: Principal,
    @Body() body: RevokeSessionsRequest,
    @NoQuery() _query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<BulkRevokedResponse> {
    const selection = selectionOf(body);
    const { reason, expected, dryRun = false, includeSelf = false } = body;
    const by = { actor, client: clientOf(request) };
    const bulk = { by, reason: adminReason(reason), dryRun, expected, includeSelf };
    return selection === 'all' ? this.everyone.revoke(bulk) : this.bulk.revoke(selection, bulk);
  }
}
